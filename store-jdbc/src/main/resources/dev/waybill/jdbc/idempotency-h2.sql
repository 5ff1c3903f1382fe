-- Which messages are done, and which are being handled. Queue and message id are UTF-8: UTF8TOSTRING(message_id).
-- Times are milliseconds since 1970 by this database's clock: DATEADD(MILLISECOND, taken_until, TIMESTAMP '1970-01-01 00:00:00').
CREATE TABLE IF NOT EXISTS ${table} (
  queue VARBINARY(384) NOT NULL,
  message_id VARBINARY(384) NOT NULL,
  token BIGINT NOT NULL,
  owner VARCHAR(128),
  done SMALLINT NOT NULL,
  taken_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (queue, message_id)
);
CREATE INDEX IF NOT EXISTS ${qualifier}${name}_expires_at ON ${table} (expires_at);
