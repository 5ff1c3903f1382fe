-- Payloads of claim checks. Keys are ASCII: convert_from(payload_key, 'UTF8').
-- Times are milliseconds since 1970 by this server's clock: to_timestamp(stored_at / 1000.0).
CREATE TABLE IF NOT EXISTS ${table} (
  payload_key BYTEA NOT NULL,
  upload BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  PRIMARY KEY (payload_key)
);
-- What they consist of.
CREATE TABLE IF NOT EXISTS ${table}_part (
  upload BIGINT NOT NULL,
  part BIGINT NOT NULL,
  content BYTEA NOT NULL,
  PRIMARY KEY (upload, part)
);
