-- What is so in a Redis Cluster alone. (All other suites run on one too.)

-- Several addresses are a cluster's: the statements for one of the document that the product was
-- asked for with.
CREATE FOREIGN DATA WRAPPER redis_wrapper
HANDLER redis_fdw_handler;
CREATE SERVER redis_cluster_server
FOREIGN DATA WRAPPER redis_wrapper
OPTIONS (
    host_port :'nodes'
);
CREATE FOREIGN TABLE user_sessions (field TEXT, value TEXT)
SERVER redis_cluster_server
OPTIONS (
    database '0',
    table_type 'hash',
    table_key_prefix 'session:active'
);
INSERT INTO user_sessions VALUES ('user123', 'session_token_abc');
SELECT * FROM user_sessions WHERE field = 'user123';
\! redis HGETALL session:active
SELECT name, count(*) FROM (VALUES ('user123'), ('nobody')) v(name)
  JOIN user_sessions ON field = name GROUP BY name;
UPDATE user_sessions SET value = 'another' WHERE field = 'user123';
DELETE FROM user_sessions WHERE field = 'user123' RETURNING *;
\! redis EXISTS session:active
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER redis_wrapper CASCADE;
RESET client_min_messages;
-- There is one database.
CREATE FOREIGN TABLE elsewhere (value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'k', database '1');
SELECT * FROM elsewhere;
\echo :SQLSTATE
INSERT INTO elsewhere VALUES ('x');

-- A key cannot be renamed to one on another node, nor an element be moved to it, whether one row
-- is changed or several. Nothing changes.
CREATE FOREIGN TABLE str (key text, value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'str:*');
CREATE FOREIGN TABLE rows (id int, name text) SERVER redis_server
  OPTIONS (table_type 'hash', key_template 'row:{id}', row_per 'key');
CREATE FOREIGN TABLE lists (key text, elements text[]) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'list:*', row_per 'key');
CREATE FOREIGN TABLE fields (key text, field text, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'hash:*');
CREATE FOREIGN TABLE members (key text, member text) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 'set:*');
CREATE FOREIGN TABLE scores (key text, member text, score float8) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'zset:*');
INSERT INTO str VALUES ('str:1', 'a'), ('str:2', 'b'), ('str:3', 'c');
INSERT INTO rows SELECT i, 'name ' || i FROM generate_series(1, 3) i;
INSERT INTO lists VALUES ('list:1', '{a,b}'), ('list:2', '{c}');
INSERT INTO fields VALUES ('hash:1', 'f', 'a'), ('hash:2', 'g', 'b');
INSERT INTO members VALUES ('set:1', 'a'), ('set:2', 'b');
INSERT INTO scores VALUES ('zset:1', 'a', 1), ('zset:2', 'b', 2);
UPDATE str SET key = 'str:9' WHERE key = 'str:1';
\echo :SQLSTATE
UPDATE str SET key = 'str:2' WHERE key = 'str:1' RETURNING *;
\echo :SQLSTATE
UPDATE rows SET id = id + 10 WHERE id = 1;
\echo :SQLSTATE
UPDATE lists SET key = 'list:9' WHERE key = 'list:1';
UPDATE fields SET key = 'hash:2' WHERE key = 'hash:1' AND field = 'f';
UPDATE fields SET key = 'hash:2', value = 'x' WHERE key = 'hash:1';
UPDATE members SET key = 'set:2' WHERE key = 'set:1' AND member = 'a';
UPDATE scores SET key = 'zset:9' WHERE key = 'zset:1' AND member = 'a';
\set VERBOSITY sqlstate
UPDATE str SET key = key || '0', value = 'moved';
UPDATE rows SET id = id + 10, name = 'moved';
UPDATE fields SET key = key || '0';
\set VERBOSITY default
\! redis KEYS '*' | sort | paste -s
SELECT * FROM str ORDER BY key;
SELECT * FROM rows ORDER BY id;
SELECT * FROM lists ORDER BY key;
SELECT * FROM fields ORDER BY key;
SELECT * FROM members ORDER BY key;
SELECT * FROM scores ORDER BY key;
-- With a hash tag it can be.
UPDATE str SET key = 'str:9{str:1}' WHERE key = 'str:1' RETURNING *;
UPDATE fields SET key = 'hash:9{hash:1}' WHERE key = 'hash:1' RETURNING *;
\! redis KEYS '*:9*' | sort | paste -s

-- Many keys, on all nodes, which EXPLAIN ANALYZE counts.
CREATE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line ~ ' on |Redis (Operation|Command|Nodes|Direct .*|Batch Size):' THEN
      RETURN NEXT regexp_replace(line, ' \(actual .*\)', '');
    END IF;
  END LOOP;
END $$;
DELETE FROM str;
SELECT explained('INSERT INTO str SELECT ''str:'' || i, i FROM generate_series(1, 3000) i');
SELECT count(*), sum(value::int) FROM str;
SELECT explained('SELECT * FROM str');
SELECT count(*) FROM str WHERE key LIKE 'str:1%5';
SELECT explained('SELECT * FROM str WHERE key LIKE ''str:1%5''');
SELECT explained('SELECT count(*) FROM str');
SELECT count(*), sum(value::int) FROM generate_series(1, 4801, 100) i JOIN str ON key = 'str:' || i;
SELECT explained('SELECT * FROM generate_series(1, 4801, 100) i JOIN str ON key = ''str:'' || i');
SELECT explained('UPDATE str SET value = value::int + 1');
SELECT * FROM str WHERE key IN ('str:1', 'str:2', 'str:3', 'str:none') ORDER BY key;
SELECT explained('SELECT * FROM str WHERE key = ''str:1''');
DELETE FROM str WHERE value::int > 101;
SELECT count(*) FROM str;

-- redis_command() finds the node of its keys; without keys it speaks of one node.
SELECT redis_command('redis_server', 'SET', 'n:' || i, i::text) FROM generate_series(1, 5) i;
SELECT redis_command('redis_server', 'INCR', 'n:' || i) FROM generate_series(1, 5) i;
SELECT redis_command('redis_server', 'EVAL', 'return redis.call(''INCRBY'', KEYS[1], ARGV[1])', '1', 'n:1', '40');
SELECT redis_command('redis_server', 'MGET', '{n:1}x', 'n:1');
SELECT redis_command('redis_server', 'MGET', 'n:1', 'n:2');
\echo :SQLSTATE
\! redis MGET n:1 n:2 n:3 n:4 n:5 | paste -s
SELECT redis_command('redis_server', 'DBSIZE')::int BETWEEN 1 AND (SELECT count(*) FROM str) AS of_one_node;

TRUNCATE str;
\! redis KEYS 'str:*'
