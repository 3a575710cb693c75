#!/bin/sh
# pd-send for hosts without Node: needs a POSIX shell and curl. Arguments and messages are those of pd-send.
# See `pd-send.sh --help`.

# Bytes, not characters, and messages in English.
LC_ALL=C
export LC_ALL
unset IFS given_key given_type given_description given_incidentKey given_severity given_source given_component \
  given_group given_class given_client given_clientUrl given_quiet given_help \
  given_version

fail() {
  printf 'pd-send: %s\n' "$1" >&2
  exit 1
}

usage_error() {
  printf '%s\npd-send: error: %s\n' "$usage" "$1" >&2
  exit 2
}
