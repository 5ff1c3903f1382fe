-- Where each convoy is. Keys and message ids are UTF-8: CONVERT(convoy USING utf8mb4).
-- Times are milliseconds since 1970 by this server's clock: FROM_UNIXTIME(due_at / 1000).
CREATE TABLE IF NOT EXISTS ${table} (
  machine VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  convoy VARBINARY(384) NOT NULL,
  state VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT NOT NULL,
  machine_version BIGINT NOT NULL,
  data LONGBLOB NOT NULL,
  created_at BIGINT NOT NULL,
  since BIGINT NOT NULL,
  due_at BIGINT,
  held BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  failed_message VARBINARY(384),
  failure VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  steps BIGINT NOT NULL,
  alerted SMALLINT NOT NULL,
  PRIMARY KEY (machine, convoy)
) ENGINE = InnoDB;
CREATE INDEX IF NOT EXISTS ${name}_due ON ${table} (machine, due_at);
-- What has happened to it. A message that is here is not handled again.
CREATE TABLE IF NOT EXISTS ${table}_history (
  machine VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  convoy VARBINARY(384) NOT NULL,
  message_id VARBINARY(384) NOT NULL,
  version BIGINT NOT NULL,
  happened_at BIGINT NOT NULL,
  event VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  from_state VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  to_state VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (machine, convoy, message_id, version)
) ENGINE = InnoDB;
-- Messages that wait for their turn. Their headers are as in a query of a URL.
CREATE TABLE IF NOT EXISTS ${table}_held (
  machine VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  convoy VARBINARY(384) NOT NULL,
  place BIGINT NOT NULL,
  message_id VARBINARY(384) NOT NULL,
  type VARCHAR(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  headers LONGTEXT CHARACTER SET utf8mb4 NOT NULL,
  body LONGBLOB NOT NULL,
  PRIMARY KEY (machine, convoy, place)
) ENGINE = InnoDB;
-- Messages that are to be sent, in this order for each convoy, and not before try_at.
CREATE TABLE IF NOT EXISTS ${table}_outgoing (
  id BIGINT AUTO_INCREMENT,
  machine VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  convoy VARBINARY(384) NOT NULL,
  queue VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message LONGTEXT CHARACTER SET utf8mb4 NOT NULL,
  body LONGBLOB NOT NULL,
  try_at BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;
CREATE INDEX IF NOT EXISTS ${name}_outgoing_key ON ${table}_outgoing (machine, convoy, id);
