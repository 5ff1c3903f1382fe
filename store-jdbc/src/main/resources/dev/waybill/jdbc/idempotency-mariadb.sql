-- Which messages are done, and which are being handled. Queue and message id are UTF-8: CONVERT(message_id USING utf8mb4).
-- Times are milliseconds since 1970 by this server's clock: FROM_UNIXTIME(taken_until / 1000).
CREATE TABLE IF NOT EXISTS ${table} (
  queue VARBINARY(384) NOT NULL,
  message_id VARBINARY(384) NOT NULL,
  token BIGINT NOT NULL,
  owner VARCHAR(128) CHARACTER SET utf8mb4,
  done SMALLINT NOT NULL,
  taken_until BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (queue, message_id)
) ENGINE = InnoDB;
CREATE INDEX IF NOT EXISTS ${name}_expires_at ON ${table} (expires_at);
