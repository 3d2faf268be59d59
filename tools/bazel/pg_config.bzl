"""The PostgreSQL server that the extension is built for and tested with.

The PG_CONFIG environment variable chooses it, else the pg_config on PATH:

    PG_CONFIG=/usr/lib/postgresql/17/bin/pg_config bazel build //pg_glue:redis_fdw.so

Targets:
    @postgresql//:server_headers    a cc_library; system includes, so that they give no warnings
    @postgresql//:pg_config_paths   a file of lines like bindir=/usr/lib/postgresql/15/bin, with
                                    bindir, sharedir, pkglibdir, pg_config, version, major
"""

_BUILD = """
package(default_visibility = ["//visibility:public"])

cc_library(
    name = "server_headers",
    hdrs = glob(["server/**/*.h"]),
    includes = ["server"],
)

filegroup(
    name = "pg_config_paths",
    srcs = ["pg_config_paths.txt"],
)
"""

def _find(rctx):
    chosen = rctx.os.environ.get("PG_CONFIG", "")
    if not chosen:
        path = rctx.which("pg_config")
        if path == None:
            fail("redis_fdw: pg_config not found: install postgresql-server-dev-15 " +
                 "(or set PG_CONFIG)")
        return path
    if chosen.startswith("/"):
        path = rctx.path(chosen)
        if not path.exists:
            fail("redis_fdw: PG_CONFIG=%s does not exist: install postgresql-server-dev-15" %
                 chosen)
        return path
    path = rctx.which(chosen)
    if path == None:
        fail("redis_fdw: PG_CONFIG=%s is not on PATH: give it with its folder" % chosen)
    return path

def _ask(rctx, pg_config, option):
    result = rctx.execute([pg_config, option])
    if result.return_code != 0:
        fail("redis_fdw: %s %s failed: install postgresql-server-dev-15" % (pg_config, option))
    return result.stdout.strip()

def _impl(rctx):
    pg_config = _find(rctx)
    version = _ask(rctx, pg_config, "--version")  # like "PostgreSQL 15.20 (Debian 15.20-0+deb12u1)"
    major = version.split(" ")[1].split(".")[0]
    for suffix in ["devel", "beta", "rc"]:
        major = major.split(suffix)[0]

    headers = _ask(rctx, pg_config, "--includedir-server")
    if not rctx.path(headers + "/postgres.h").exists:
        fail("redis_fdw: the server headers of PostgreSQL %s not found: install %s-%s" %
             (major, "postgresql-server-dev", major))
    if int(major) < 14 or int(major) > 18:
        fail("redis_fdw: PostgreSQL %s is not supported (14 to 18): set PG_CONFIG" % major)
    rctx.symlink(headers, "server")

    paths = {
        "bindir": _ask(rctx, pg_config, "--bindir"),
        "major": major,
        "pg_config": str(pg_config),
        "pkglibdir": _ask(rctx, pg_config, "--pkglibdir"),
        "sharedir": _ask(rctx, pg_config, "--sharedir"),
        "version": version,
    }
    rctx.file(
        "pg_config_paths.txt",
        "".join(["%s=%s\n" % item for item in sorted(paths.items())]),
        executable = False,
    )
    rctx.file("BUILD.bazel", _BUILD, executable = False)

pg_config_repository = repository_rule(
    implementation = _impl,
    configure = True,
    environ = [
        "PATH",
        "PG_CONFIG",
    ],
    local = True,
)
