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

-- The connections of this session. Everyone sees those made as a role that he is a member of.
CREATE FUNCTION redis_fdw_connections(
    OUT server_name text, OUT user_name text, OUT node text, OUT role text, OUT database integer,
    OUT state text, OUT age interval, OUT idle interval,
    OUT commands bigint, OUT bytes_sent bigint, OUT bytes_received bigint)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION redis_fdw_connections() IS 'connections of this session to Redis';

CREATE FUNCTION redis_fdw_disconnect(server_name text) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION redis_fdw_disconnect(text) IS
  'closes this session''s connections to a foreign server; those in use, when they are not any more';

CREATE FUNCTION redis_fdw_disconnect_all() RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION redis_fdw_disconnect_all() IS
  'closes this session''s connections to all Redis servers that the user may use';

-- The id of a stream's entry. As text '10-0' sorts before '9-0'; this sorts as Redis does.
CREATE TYPE redis_stream_id;

CREATE FUNCTION redis_stream_id_in(cstring) RETURNS redis_stream_id
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_out(redis_stream_id) RETURNS cstring
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_recv(internal) RETURNS redis_stream_id
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_send(redis_stream_id) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE redis_stream_id (
  INPUT = redis_stream_id_in,
  OUTPUT = redis_stream_id_out,
  RECEIVE = redis_stream_id_recv,
  SEND = redis_stream_id_send,
  INTERNALLENGTH = 16,
  ALIGNMENT = double
);
COMMENT ON TYPE redis_stream_id IS 'id of an entry of a Redis stream';

CREATE FUNCTION redis_stream_id_lt(redis_stream_id, redis_stream_id) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_le(redis_stream_id, redis_stream_id) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_eq(redis_stream_id, redis_stream_id) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_ne(redis_stream_id, redis_stream_id) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_ge(redis_stream_id, redis_stream_id) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_gt(redis_stream_id, redis_stream_id) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_cmp(redis_stream_id, redis_stream_id) RETURNS integer
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_sortsupport(internal) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_hash(redis_stream_id) RETURNS integer
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_hash_extended(redis_stream_id, bigint) RETURNS bigint
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

CREATE OPERATOR < (
  LEFTARG = redis_stream_id, RIGHTARG = redis_stream_id, FUNCTION = redis_stream_id_lt,
  COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
  LEFTARG = redis_stream_id, RIGHTARG = redis_stream_id, FUNCTION = redis_stream_id_le,
  COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR = (
  LEFTARG = redis_stream_id, RIGHTARG = redis_stream_id, FUNCTION = redis_stream_id_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
  LEFTARG = redis_stream_id, RIGHTARG = redis_stream_id, FUNCTION = redis_stream_id_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR >= (
  LEFTARG = redis_stream_id, RIGHTARG = redis_stream_id, FUNCTION = redis_stream_id_ge,
  COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR > (
  LEFTARG = redis_stream_id, RIGHTARG = redis_stream_id, FUNCTION = redis_stream_id_gt,
  COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR CLASS redis_stream_id_ops DEFAULT FOR TYPE redis_stream_id USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 redis_stream_id_cmp(redis_stream_id, redis_stream_id),
  FUNCTION 2 redis_stream_id_sortsupport(internal);
CREATE OPERATOR CLASS redis_stream_id_ops DEFAULT FOR TYPE redis_stream_id USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 redis_stream_id_hash(redis_stream_id),
  FUNCTION 2 redis_stream_id_hash_extended(redis_stream_id, bigint);

CREATE FUNCTION redis_stream_id_smaller(redis_stream_id, redis_stream_id) RETURNS redis_stream_id
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_larger(redis_stream_id, redis_stream_id) RETURNS redis_stream_id
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE AGGREGATE min(redis_stream_id) (
  SFUNC = redis_stream_id_smaller, STYPE = redis_stream_id, SORTOP = <,
  COMBINEFUNC = redis_stream_id_smaller, PARALLEL = SAFE
);
CREATE AGGREGATE max(redis_stream_id) (
  SFUNC = redis_stream_id_larger, STYPE = redis_stream_id, SORTOP = >,
  COMBINEFUNC = redis_stream_id_larger, PARALLEL = SAFE
);

-- The first id of an instant's millisecond, and the instant of an id.
CREATE FUNCTION redis_stream_id_from_timestamptz(timestamptz) RETURNS redis_stream_id
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION redis_stream_id_to_timestamptz(redis_stream_id) RETURNS timestamptz
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Implicit, so that an id can be compared with now().
CREATE CAST (timestamptz AS redis_stream_id)
  WITH FUNCTION redis_stream_id_from_timestamptz(timestamptz) AS IMPLICIT;
CREATE CAST (redis_stream_id AS timestamptz)
  WITH FUNCTION redis_stream_id_to_timestamptz(redis_stream_id) AS ASSIGNMENT;
CREATE CAST (text AS redis_stream_id) WITH INOUT AS ASSIGNMENT;
CREATE CAST (varchar AS redis_stream_id) WITH INOUT AS ASSIGNMENT;
CREATE CAST (redis_stream_id AS text) WITH INOUT AS ASSIGNMENT;

-- Traffic per server and user. Whoever reads all statistics sees all rows, others their own.
CREATE FUNCTION redis_fdw_stats(
    OUT server_id oid, OUT user_id oid,
    OUT commands bigint, OUT round_trips bigint, OUT bytes_sent bigint, OUT bytes_received bigint,
    OUT errors bigint, OUT retries bigint, OUT redirects bigint, OUT pool_waits bigint,
    OUT wait_time double precision, OUT shared boolean)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION redis_fdw_stats() IS
  'traffic with Redis per foreign server and user, by their OIDs';

CREATE VIEW redis_fdw_stats AS
  SELECT server.srvname AS server_name,
         CASE WHEN server.oid IS NOT NULL THEN pg_catalog.pg_get_userbyid(stats.user_id) END
           AS user_name,
         stats.commands, stats.round_trips, stats.bytes_sent, stats.bytes_received,
         stats.errors, stats.retries, stats.redirects, stats.pool_waits,
         stats.wait_time, stats.shared
  FROM redis_fdw_stats() AS stats
       LEFT JOIN pg_catalog.pg_foreign_server AS server
              ON server.oid OPERATOR(pg_catalog.=) stats.server_id
  WHERE server.oid IS NOT NULL OR stats.server_id IS NULL;
COMMENT ON VIEW redis_fdw_stats IS 'traffic with Redis per foreign server and user';
GRANT SELECT ON redis_fdw_stats TO PUBLIC;

CREATE FUNCTION redis_fdw_stats_reset() RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION redis_fdw_stats_reset() IS 'starts redis_fdw_stats again from nothing';
REVOKE EXECUTE ON FUNCTION redis_fdw_stats_reset() FROM PUBLIC;
