"""Macros for tests that start servers.

    load("//testing:defs.bzl", "pg_test")

    pg_test(
        name = "scan_test",
        srcs = ["scan_test.cc"],
    )

A test that needs only Redis is a plain cc_test with `//testing:redis_server` among its deps.
"""

def pg_test(
        name,
        srcs,
        deps = [],
        data = [],
        env = {},
        extension = True,
        extension_files = "//pg_glue:extension_files",
        size = "medium",
        **kwargs):
    """A cc_test with a PostgreSQL and a Redis of its own; see testing/pg_redis_fixture.h.

    Such tests may run side by side: they share no port, no folder and no database.

    Args:
      name: of the target.
      srcs: of the test.
      deps: besides the fixture and GoogleTest's main.
      data: besides the extension.
      env: besides what the fixture needs.
      extension: False for a PostgreSQL without redis_fdw in it.
      extension_files: what to install; another build of the extension may be tested.
      size: as in cc_test.
      **kwargs: as in cc_test.
    """
    env = dict(env)
    env["REDIS_FDW_PG_CONFIG_PATHS"] = "$(rootpath //tools/bazel:pg_config_paths)"
    data = data + ["//tools/bazel:pg_config_paths"]
    if extension:
        env["REDIS_FDW_EXTENSION_FILES"] = "$(rootpaths %s)" % extension_files
        data = data + [extension_files]
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        data = data,
        env = env,
        deps = deps + [
            "//testing:pg_redis_fixture",
            "@gtest//:gtest_main",
        ],
        **kwargs
    )
