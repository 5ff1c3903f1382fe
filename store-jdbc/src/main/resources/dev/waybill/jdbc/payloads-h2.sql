-- Payloads of claim checks. Keys are ASCII: UTF8TOSTRING(payload_key).
-- Times are milliseconds since 1970 by this database's clock: DATEADD(MILLISECOND, stored_at, TIMESTAMP '1970-01-01 00:00:00').
CREATE TABLE IF NOT EXISTS ${table} (
  payload_key VARBINARY(600) NOT NULL,
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
  content BLOB NOT NULL,
  PRIMARY KEY (upload, part)
);
