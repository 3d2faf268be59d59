\echo
\echo == 1. A server: where Redis is
\echo
CREATE EXTENSION redis_fdw;

CREATE SERVER redis_server FOREIGN DATA WRAPPER redis_fdw
  OPTIONS (host_port :'redis');

\echo
\echo == 2. Sessions: a hash, one row per field
\echo
CREATE FOREIGN TABLE sessions (token text, user_id int)
  SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'sessions:active');

INSERT INTO sessions
  SELECT 'token-' || n, n % 500 FROM generate_series(1, 10000) AS n;

SELECT count(*) FROM sessions;

SELECT * FROM sessions WHERE token IN ('token-42', 'token-4242', 'no such token') ORDER BY token;

DELETE FROM sessions WHERE token = 'token-42';

SELECT count(*) FROM sessions;

\echo
\echo == 3. A leaderboard: a sorted set, a member and its score
\echo
CREATE FOREIGN TABLE leaderboard (player text, points float8)
  SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'game:leaderboard');

INSERT INTO leaderboard VALUES ('ada', 990), ('grace', 1205.5), ('linus', 640), ('barbara', 1180);

SELECT player, points FROM leaderboard WHERE points >= 900 ORDER BY points DESC;

\echo
\echo == 4. A queue: a list, in its order
\echo
CREATE FOREIGN TABLE queue (task text)
  SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'tasks:pending');

INSERT INTO queue VALUES ('process invoice 123'), ('send welcome mail'), ('resize avatar');

SELECT * FROM queue;

\echo
\echo == 5. Events: a stream, a column per field
\echo
CREATE FOREIGN TABLE events (stream_id redis_stream_id, kind text, player text, amount int)
  SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'app:events');

INSERT INTO events VALUES
  ('1700000000000-0', 'login', 'ada', NULL),
  ('1700000001000-0', 'purchase', 'grace', 30),
  ('1700000002000-0', 'purchase', 'ada', 12);

SELECT * FROM events ORDER BY stream_id;

\echo
\echo == 6. Profiles: many hashes, a row each, with typed columns and a TTL
\echo
CREATE FOREIGN TABLE profiles (id int, name text, age int, tags jsonb, ttl bigint)
  SERVER redis_server
  OPTIONS (table_type 'hash', key_template 'user:{id}', row_per 'key', ttl '3600');

INSERT INTO profiles VALUES (1, 'Ada', 36, '["math"]', NULL), (2, 'Grace', 85, '["navy", "cobol"]', NULL),
  (3, 'Linus', NULL, NULL, -1);

UPDATE profiles SET age = age + 1 WHERE age IS NOT NULL RETURNING id, name, age;

SELECT id, name, age, tags, ttl > 0 AS expires FROM profiles ORDER BY id;

EXPLAIN (VERBOSE, COSTS OFF) UPDATE profiles SET tags = NULL WHERE id = 2;

\echo
\echo == 7. What is there already: tables made of keys
\echo
CREATE SCHEMA found;
IMPORT FOREIGN SCHEMA "*" FROM SERVER redis_server INTO found;

SELECT foreign_table_name FROM information_schema.foreign_tables
  WHERE foreign_table_schema = 'found' ORDER BY 1;

\echo
\echo == 8. What tables cannot say
\echo
SELECT redis_command('redis_server', 'INCRBY', 'visits', '5');

\echo
\echo == 9. All of it beside ordinary tables
\echo
CREATE TABLE players (name text PRIMARY KEY, country text);

INSERT INTO players VALUES ('ada', 'UK'), ('grace', 'US'), ('linus', 'FI'), ('barbara', 'US');

SELECT p.country, sum(l.points) AS points, coalesce(sum(e.spent), 0) AS spent
  FROM players AS p
  JOIN leaderboard AS l ON l.player = p.name
  LEFT JOIN (SELECT player, sum(amount) AS spent FROM events GROUP BY player) AS e
    ON e.player = p.name
  GROUP BY p.country
  ORDER BY points DESC;

\echo
\echo == 10. What it asks of Redis
\echo
EXPLAIN (VERBOSE, ANALYZE)
  SELECT user_id FROM sessions WHERE token = 'token-4242';
