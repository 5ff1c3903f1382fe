-- Which messages are done, and which are being handled. Queue and message id are UTF-8: convert_from(message_id, 'UTF8').
-- Times are milliseconds since 1970 by this server's clock: to_timestamp(taken_until / 1000.0).
CREATE TABLE IF NOT EXISTS ${table} (
  queue BYTEA NOT NULL,
  message_id BYTEA NOT NULL,
  token BIGINT NOT NULL,
  owner VARCHAR(128),
  done SMALLINT NOT NULL,
  taken_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (queue, message_id)
);
CREATE INDEX IF NOT EXISTS ${name}_expires_at ON ${table} (expires_at);
