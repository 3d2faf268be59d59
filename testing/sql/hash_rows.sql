-- Hashes, a row each: fields as typed, nullable columns.
CREATE FOREIGN TABLE users (key text, name text, age int, tags jsonb, ttl bigint) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'user:*', row_per 'key');

-- INSERT writes all fields in one step; NULL is a field that is not there. Keys that are renamed
-- below share a hash tag, for clusters: "user:3{user:1}" is where "user:1" is.
INSERT INTO users VALUES ('user:1', 'Ada', 36, '{"a": [1, 2]}', NULL), ('user:2', 'Bob', NULL, NULL, -1);
INSERT INTO users (key, age, ttl) VALUES ('user:3{user:1}', 5, 1000) RETURNING key, name, age, tags, ttl BETWEEN 900 AND 1000 AS in_time;
\! redis HGETALL user:1 | paste - - | sort
\! redis HGETALL user:2 | paste - -
\! redis_ttl user:3{user:1} 900 1000
\! redis TTL user:1
SELECT key, name, age, tags FROM users ORDER BY key;
-- The last write wins, by field: what is NULL goes, what no column shows stays.
\! redis HSET user:2 extra kept
INSERT INTO users VALUES ('user:2', NULL, 40, NULL);
\! redis HGETALL user:2 | paste - - | sort
INSERT INTO users VALUES ('user:2', 'no', 1), ('user:4', 'Eve', 2) ON CONFLICT DO NOTHING RETURNING key, name;
INSERT INTO users VALUES ('user:5', NULL, NULL, NULL);
\echo :SQLSTATE
INSERT INTO users VALUES ('user:5', 'x'), ('other:5', 'x');
INSERT INTO users VALUES (NULL, 'x');
INSERT INTO users VALUES ('user:5', 'x', 1, NULL, 0);
\echo :SQLSTATE
\! redis EXISTS user:5 other:5

-- Only the columns that a query uses are fetched.
EXPLAIN (VERBOSE, COSTS OFF) SELECT name FROM users WHERE key = 'user:1';
EXPLAIN (VERBOSE, COSTS OFF) SELECT key FROM users;
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM users WHERE key IN ('user:1', 'user:2') AND age > 10;
SELECT name FROM users WHERE key = 'user:1';
SELECT key FROM users ORDER BY key;
SELECT count(*) FROM users;
-- A row without the wanted fields is one; a missing key is none.
SELECT name, tags FROM users WHERE key IN ('user:3{user:1}', 'user:9');
SELECT key FROM users WHERE name IS NULL ORDER BY key;
SELECT u.key, u.age FROM (VALUES (1), (4), (9)) v(i) JOIN users u ON u.key = 'user:' || i ORDER BY 1;
\! redis SET user:text t
SELECT count(*) FROM users;
SELECT * FROM users WHERE key = 'user:text';

-- UPDATE writes what changed, NULL removes the field, the TTL stays or is set, the key moves.
UPDATE users SET age = age + 1 WHERE key = 'user:3{user:1}';
\! redis HGETALL user:3{user:1} | paste - -
\! redis_ttl user:3{user:1} 900 1000
UPDATE users SET age = NULL, name = 'Cyd' WHERE key = 'user:3{user:1}' RETURNING key, name, age;
UPDATE users SET name = NULL WHERE key = 'user:3{user:1}';
\echo :SQLSTATE
\! redis HGETALL user:3{user:1} | paste - -
UPDATE users SET ttl = 500 WHERE key IN ('user:1', 'user:3{user:1}') RETURNING key, ttl BETWEEN 490 AND 500 AS in_time;
\! redis_ttl user:1 400 500
UPDATE users SET ttl = -1 WHERE key = 'user:1' RETURNING ttl;
\! redis TTL user:1
UPDATE users SET ttl = 0 WHERE key = 'user:1';
UPDATE users SET key = 'user:7{user:1}' WHERE key = 'user:3{user:1}' RETURNING key, name;
\! redis_ttl user:7{user:1} 400 500
UPDATE users SET key = 'user:1' WHERE key = 'user:7{user:1}';
\echo :SQLSTATE
UPDATE users SET key = 'other:1' WHERE key = 'user:7{user:1}';
\! redis EXISTS user:3{user:1} user:7{user:1} other:1
UPDATE users SET name = 'none' WHERE key IN ('user:9', 'user:text', 'other:1');
CREATE TABLE local (id int, name text);
INSERT INTO local VALUES (1, 'Ada L.'), (9, 'Zoe');
UPDATE users SET name = l.name FROM local l WHERE users.key = 'user:' || l.id RETURNING users.key, users.name;
EXPLAIN (VERBOSE, COSTS OFF) UPDATE users SET name = 'x', age = NULL WHERE key = 'user:1';
EXPLAIN (VERBOSE, COSTS OFF) UPDATE users SET age = age + 1 WHERE key = 'user:1';

-- DELETE removes the key.
EXPLAIN (VERBOSE, COSTS OFF) DELETE FROM users WHERE key = 'user:1';
DELETE FROM users WHERE key IN ('user:7{user:1}', 'user:text', 'user:9');
DELETE FROM users WHERE age = 40 RETURNING key, age;
DELETE FROM users USING local l WHERE users.name = l.name;
\! redis KEYS '*' | sort | paste -s

-- Strict.
ALTER FOREIGN TABLE users OPTIONS (ADD strict_insert 'true');
INSERT INTO users VALUES ('user:4', 'x');
\echo :SQLSTATE
INSERT INTO users VALUES ('user:4', 'x') ON CONFLICT DO NOTHING;
\! redis HGET user:4 name

-- One hash as one row; columns by role and field; all other fields in a jsonb.
CREATE FOREIGN TABLE settings (rest jsonb OPTIONS (redis '*'), mode text, ttl_field int OPTIONS (field 'ttl'),
  expires timestamptz OPTIONS (redis 'expires_at')) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'settings', row_per 'key');
SELECT * FROM settings;
INSERT INTO settings VALUES ('{"a": 1, "b": "x", "c": null, "d": {"e": true}}', 'fast', 3);
\! redis HGETALL settings | paste - - | sort
SELECT * FROM settings;
UPDATE settings SET mode = 'slow';
UPDATE settings SET rest = rest - 'd' || '{"n": 5}' RETURNING rest;
\! redis HGETALL settings | paste - - | sort
UPDATE settings SET rest = '{"mode": "x"}';
UPDATE settings SET rest = NULL, ttl_field = NULL RETURNING *;
\! redis HGETALL settings | paste - -
UPDATE settings SET expires = now() + interval '1 hour' RETURNING expires > now() + interval '59 minutes' AS later;
\! redis_ttl settings 3500 3600
UPDATE settings SET expires = 'infinity' RETURNING expires;
\! redis TTL settings
UPDATE settings SET mode = NULL;
INSERT INTO settings VALUES ('{"z": 1}', NULL, NULL, NULL);
\! redis HGETALL settings | paste - -
DELETE FROM settings;
\! redis EXISTS settings
\! redis SET settings text
SELECT * FROM settings;
INSERT INTO settings (mode) VALUES ('x');
\echo :SQLSTATE
UPDATE settings SET mode = 'x';
DELETE FROM settings;
\! redis GET settings
\! redis DEL settings

-- A template: the id is a column of its own, and finds rows.
CREATE FOREIGN TABLE accounts (id int, balance numeric OPTIONS (field 'money'), opened date, active boolean)
  SERVER redis_server OPTIONS (table_type 'hash', key_template '{acc}:{id}', row_per 'key', ttl '600');
INSERT INTO accounts VALUES (1, 10.50, '2024-02-03', true), (2, -3, NULL, false);
\! redis HGETALL '{acc}:1' | paste - - | sort
\! redis_ttl '{acc}:2' 500 600
SELECT * FROM accounts ORDER BY id;
SELECT * FROM accounts WHERE id = 2;
EXPLAIN (VERBOSE, COSTS OFF) SELECT opened FROM accounts WHERE id = 2;
SELECT i, balance FROM generate_series(1, 3) i LEFT JOIN accounts a ON a.id = i ORDER BY i;
UPDATE accounts SET balance = balance + 0.25, active = NOT active WHERE id IN (1, 2) RETURNING *;
UPDATE accounts SET id = id + 10 WHERE id = 1;
DELETE FROM accounts WHERE id = 2;
\! redis KEYS '{acc}*'
\! redis HSET '{acc}:12' money much
SELECT balance FROM accounts WHERE id = 12;
\echo :SQLSTATE
\! redis HSET '{acc}:012' money 1
SELECT id FROM accounts;
\echo :SQLSTATE
\! redis DEL '{acc}:12' '{acc}:012'

-- Prepared, from a function.
PREPARE look(int) AS SELECT * FROM accounts WHERE id = $1;
PREPARE put(int, numeric) AS INSERT INTO accounts (id, balance) VALUES ($1, $2);
PREPARE change(int, numeric) AS UPDATE accounts SET balance = $2 WHERE id = $1;
PREPARE remove(int[]) AS DELETE FROM accounts WHERE id = ANY ($1);
EXECUTE put(20, 1.5);
EXECUTE put(21, 2.5);
EXECUTE put(22, NULL);
EXECUTE look(20);
EXECUTE look(21);
EXECUTE look(99);
EXECUTE look(NULL);
EXECUTE change(20, 9.5);
EXECUTE change(99, 9.5);
EXECUTE change(20, NULL);
EXECUTE look(20);
EXECUTE remove('{21,99}');
EXECUTE remove(NULL);
\! redis KEYS '{acc}*' | sort | paste -s
CREATE FUNCTION transfer(a int, b int, amount numeric) RETURNS SETOF accounts LANGUAGE plpgsql AS $$
BEGIN
  UPDATE accounts SET balance = balance - amount WHERE id = a;
  UPDATE accounts SET balance = balance + amount WHERE id = b;
  IF NOT FOUND THEN
    INSERT INTO accounts VALUES (b, amount, '2024-01-01', true);
  END IF;
  RETURN QUERY SELECT * FROM accounts WHERE id IN (a, b) ORDER BY id;
END $$;
SELECT * FROM transfer(20, 30, 1);
SELECT * FROM transfer(20, 30, 1.5);
