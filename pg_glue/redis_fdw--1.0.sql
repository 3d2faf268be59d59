\echo Use "CREATE EXTENSION redis_fdw" to load this file. \quit

CREATE FUNCTION redis_fdw_handler() RETURNS fdw_handler
  AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

CREATE FUNCTION redis_fdw_validator(text[], oid) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

CREATE FUNCTION redis_fdw_version() RETURNS text
  AS 'MODULE_PATHNAME' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION redis_fdw_version() IS 'version of the redis_fdw library';

CREATE FOREIGN DATA WRAPPER redis_fdw
  HANDLER redis_fdw_handler
  VALIDATOR redis_fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER redis_fdw IS 'Redis and Valkey keys as tables';

-- What tables cannot say. Whoever may run any command may do anything that the server's user may.
CREATE FUNCTION redis_command(server text, VARIADIC args text[]) RETURNS jsonb
  AS 'MODULE_PATHNAME', 'redis_fdw_command' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION redis_command(text, text[]) IS
  'runs one Redis command on a foreign server and gives its reply as jsonb';
REVOKE EXECUTE ON FUNCTION redis_command(text, text[]) FROM PUBLIC;

CREATE FUNCTION redis_command_bytea(server text, VARIADIC args bytea[]) RETURNS bytea
  AS 'MODULE_PATHNAME', 'redis_fdw_command_bytea' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION redis_command_bytea(text, bytea[]) IS
  'runs one Redis command on a foreign server and gives its reply as bytes';
REVOKE EXECUTE ON FUNCTION redis_command_bytea(text, bytea[]) FROM PUBLIC;
