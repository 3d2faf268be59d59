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
