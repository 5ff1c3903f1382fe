-- Payloads of claim checks. Keys are ASCII: CONVERT(payload_key USING ascii).
-- Times are milliseconds since 1970 by this server's clock: FROM_UNIXTIME(stored_at / 1000).
CREATE TABLE IF NOT EXISTS ${table} (
  payload_key VARBINARY(600) NOT NULL,
  upload BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  PRIMARY KEY (payload_key)
) ENGINE = InnoDB;
-- What they consist of.
CREATE TABLE IF NOT EXISTS ${table}_part (
  upload BIGINT NOT NULL,
  part BIGINT NOT NULL,
  content LONGBLOB NOT NULL,
  PRIMARY KEY (upload, part)
) ENGINE = InnoDB;
