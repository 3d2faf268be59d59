#!/bin/sh
# Bazel's sh_test wants a script; the test is the program its arguments name.
exec "$@"
