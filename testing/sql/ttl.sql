-- TTLs: the table option, columns ttl and expires_at, each set in one step with the write.
-- Strings: one key, with the option.
CREATE FOREIGN TABLE token (value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'token', ttl '1000');
INSERT INTO token VALUES ('a');
\! redis_ttl token 900 1000
\! redis EXPIRE token 500
UPDATE token SET value = 'b';
\! redis_ttl token 400 500
INSERT INTO token VALUES ('c') ON CONFLICT DO NOTHING;
\! redis_ttl token 400 500
INSERT INTO token VALUES ('d');
\! redis_ttl token 900 1000
\! redis GET token

-- A ttl column at any position; NULL means the option, -1 none, other numbers below 1 are errors.
CREATE FOREIGN TABLE tokens (ttl int, key text, value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'tok:*', ttl '1000');
INSERT INTO tokens VALUES (NULL, 'tok:a', '1'), (500, 'tok:b', '2'), (-1, 'tok:c', '3');
\! redis_ttl tok:a 900 1000
\! redis_ttl tok:b 400 500
\! redis TTL tok:c
INSERT INTO tokens VALUES (0, 'tok:d', '4');
INSERT INTO tokens VALUES (5, 'tok:d', '4'), (-2, 'tok:d', '4');
\echo :SQLSTATE
\! redis EXISTS tok:d
INSERT INTO tokens (key, value) VALUES ('tok:e', '5') RETURNING ttl;
INSERT INTO tokens VALUES (-1, 'tok:e', '6') RETURNING ttl;
INSERT INTO tokens VALUES (100, 'tok:a', '7'), (100, 'tok:f', '7') ON CONFLICT DO NOTHING RETURNING *;
\! redis_ttl tok:a 900 1000
\! redis_ttl tok:f 50 100
SELECT key, CASE WHEN ttl = -1 THEN 'none' WHEN ttl <= 100 THEN 'short' WHEN ttl <= 500 THEN 'medium' ELSE 'long' END AS ttl
  FROM tokens ORDER BY key;
SELECT key FROM tokens WHERE ttl = -1 ORDER BY key;
EXPLAIN (VERBOSE, COSTS OFF) SELECT ttl FROM tokens WHERE key = 'tok:a';
EXPLAIN (VERBOSE, COSTS OFF) SELECT value FROM tokens WHERE key = 'tok:a';
-- UPDATE keeps what it does not set, and sets what it does.
UPDATE tokens SET value = value || '!' WHERE key IN ('tok:a', 'tok:b', 'tok:c');
\! redis_ttl tok:b 400 500
\! redis TTL tok:c
UPDATE tokens SET ttl = 200 WHERE key = 'tok:c';
\! redis_ttl tok:c 150 200
\! redis GET tok:c
UPDATE tokens SET ttl = -1, value = 'kept' WHERE key = 'tok:b';
\! redis TTL tok:b
UPDATE tokens SET ttl = NULL WHERE key = 'tok:b' RETURNING key, ttl;
\! redis_ttl tok:b 900 1000
UPDATE tokens SET ttl = ttl + 10000 WHERE key = 'tok:b';
\! redis_ttl tok:b 10900 11000
UPDATE tokens SET ttl = 0 WHERE key = 'tok:b';
UPDATE tokens SET ttl = 5 WHERE key = 'tok:none';
-- (In a cluster a key can be renamed to one with the same hash tag.)
UPDATE tokens SET key = 'tok:moved{tok:b}' WHERE key = 'tok:b';
\! redis_ttl tok:moved{tok:b} 10800 11000
\! redis EXISTS tok:none tok:b

-- expires_at shows and sets an instant.
CREATE FOREIGN TABLE leases (key text, value text, till timestamptz OPTIONS (redis 'expires_at')) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'lease:*');
INSERT INTO leases VALUES ('lease:a', '1', '2100-01-01 00:00:00.123456+00'), ('lease:b', '2', NULL),
  ('lease:c', '3', now() + interval '1000 seconds'), ('lease:d', '4', 'infinity');
SELECT key, value, CASE WHEN key = 'lease:c' THEN NULL ELSE till END AS till FROM leases ORDER BY key;
\! redis PEXPIRETIME lease:a
\! redis TTL lease:b
\! redis_ttl lease:c 900 1000
\! redis TTL lease:d
SELECT key FROM leases WHERE till > '2099-01-01';
UPDATE leases SET till = till + interval '1 day' WHERE key = 'lease:a' RETURNING till;
UPDATE leases SET value = 'x' WHERE key = 'lease:c';
\! redis_ttl lease:c 900 1000
UPDATE leases SET till = 'infinity' WHERE key = 'lease:c';
\! redis TTL lease:c
UPDATE leases SET till = '-infinity' WHERE key = 'lease:a';
\echo :SQLSTATE
-- An instant that is past removes the key, as Redis does it.
UPDATE leases SET till = '2000-01-01' WHERE key = 'lease:b';
INSERT INTO leases VALUES ('lease:e', '5', '2000-01-01');
\! redis EXISTS lease:b lease:e
-- Both columns.
CREATE FOREIGN TABLE timed (value text, ttl int, till timestamptz OPTIONS (redis 'expires_at')) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'timed');
INSERT INTO timed VALUES ('a', 1000, NULL);
SELECT value, ttl BETWEEN 900 AND 1000 AS ttl, till BETWEEN now() + interval '900 s' AND now() + interval '1001 s' AS till FROM timed;
INSERT INTO timed VALUES ('a', 1000, '2100-01-01');
\echo :SQLSTATE

-- The other types: the option, for single keys and patterns; the column shows the key's.
CREATE FOREIGN TABLE h (field text, value text) SERVER redis_server
  OPTIONS (table_type 'hash', table_key_prefix 'h', ttl '1000');
CREATE FOREIGN TABLE l (element text, ttl int) SERVER redis_server
  OPTIONS (table_type 'list', table_key_prefix 'l', ttl '1000');
CREATE FOREIGN TABLE s (member text, ttl int) SERVER redis_server
  OPTIONS (table_type 'set', table_key_prefix 's', ttl '1000');
CREATE FOREIGN TABLE z (member text, score int, ttl int) SERVER redis_server
  OPTIONS (table_type 'zset', table_key_prefix 'z', ttl '1000');
CREATE FOREIGN TABLE x (stream_id text, kind text, ttl int) SERVER redis_server
  OPTIONS (table_type 'stream', table_key_prefix 'x', ttl '1000');
CREATE FOREIGN TABLE hk (key text, field text, value text)
  SERVER redis_server OPTIONS (table_type 'hash', table_key_prefix 'hk:*', ttl '1000');
CREATE FOREIGN TABLE zk (key text, member text, score int, till timestamptz OPTIONS (redis 'expires_at'))
  SERVER redis_server OPTIONS (table_type 'zset', table_key_prefix 'zk:*', ttl '1000');
INSERT INTO h VALUES ('a', '1'), ('b', '2');
INSERT INTO l VALUES ('a'), ('b');
INSERT INTO s VALUES ('a'), ('b');
INSERT INTO z VALUES ('a', 1), ('b', 2);
INSERT INTO x (kind) VALUES ('a'), ('b');
INSERT INTO hk VALUES ('hk:1', 'a', '1'), ('hk:2', 'a', '2');
INSERT INTO zk VALUES ('zk:1', 'a', 1), ('zk:2', 'a', 2);
\! for key in h l s z x hk:1 hk:2; do redis_ttl $key 900 1000; done
SELECT element, ttl BETWEEN 900 AND 1000 AS in_time FROM l;
SELECT member, ttl BETWEEN 900 AND 1000 AS in_time FROM s ORDER BY member;
SELECT member, ttl BETWEEN 900 AND 1000 AS in_time FROM z ORDER BY member;
SELECT kind, ttl BETWEEN 900 AND 1000 AS in_time FROM x ORDER BY stream_id;
SELECT key, till > now() AND till < now() + interval '1001 s' AS in_time FROM zk ORDER BY key;
-- Updates and deletes keep it, inserts set it anew, refused ones do not.
\! for key in h l s z x hk:1 hk:2; do redis EXPIRE $key 500; done | paste -s
UPDATE h SET value = 'x' WHERE field = 'a';
UPDATE l SET element = 'x' WHERE element = 'a';
UPDATE s SET member = 'x' WHERE member = 'a';
UPDATE z SET score = 5 WHERE member = 'a';
UPDATE hk SET value = 'x' WHERE key = 'hk:1';
DELETE FROM h WHERE field = 'b';
DELETE FROM l WHERE element = 'b';
DELETE FROM s WHERE member = 'b';
DELETE FROM z WHERE member = 'b';
DELETE FROM x WHERE kind = 'a';
INSERT INTO h VALUES ('a', 'y') ON CONFLICT DO NOTHING;
INSERT INTO s VALUES ('x') ON CONFLICT DO NOTHING;
INSERT INTO z VALUES ('a', 9) ON CONFLICT DO NOTHING;
\! for key in h l s z x hk:1 hk:2; do redis_ttl $key 400 500; done
INSERT INTO h VALUES ('c', '3');
INSERT INTO l VALUES ('c');
INSERT INTO s VALUES ('c');
INSERT INTO z VALUES ('c', 3);
INSERT INTO x (kind) VALUES ('c');
INSERT INTO hk VALUES ('hk:1', 'c', '3');
\! for key in h l s z x hk:1; do redis_ttl $key 900 1000; done
\! redis_ttl hk:2 400 500
UPDATE z SET ttl = 5 WHERE member = 'a';
INSERT INTO l VALUES ('d', 5);
INSERT INTO zk VALUES ('zk:1', 'd', 4, now());
\echo :SQLSTATE
UPDATE zk SET till = now();

-- Options that cannot be.
CREATE FOREIGN TABLE bad (value text) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'bad', ttl '0');
CREATE FOREIGN TABLE bad (value text, t text OPTIONS (redis 'ttl')) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'bad');
CREATE FOREIGN TABLE bad (value text, t timestamp OPTIONS (redis 'expires_at')) SERVER redis_server
  OPTIONS (table_type 'string', table_key_prefix 'bad');

-- Prepared, from a function.
PREPARE put(text, text, int) AS INSERT INTO tokens (key, value, ttl) VALUES ($1, $2, $3);
PREPARE keep(text, int) AS UPDATE tokens SET ttl = $2 WHERE key = $1;
EXECUTE put('tok:p', '1', 300);
\! redis_ttl tok:p 250 300
EXECUTE put('tok:p', '1', NULL);
\! redis_ttl tok:p 900 1000
EXECUTE put('tok:p', '1', -1);
\! redis TTL tok:p
EXECUTE put('tok:p', '1', 0);
EXECUTE keep('tok:p', 600);
\! redis_ttl tok:p 550 600
EXECUTE keep('tok:p', NULL);
\! redis_ttl tok:p 900 1000
CREATE FUNCTION touch(k text, seconds int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tokens SET ttl = seconds WHERE key = k;
  RETURN FOUND;
END $$;
SELECT touch('tok:p', 5000), touch('tok:none', 5000);
\! redis_ttl tok:p 4900 5000
