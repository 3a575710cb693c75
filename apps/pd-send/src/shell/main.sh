parse "$@"
if [ -n "${given_help:-}" ]; then
  printf '%s\n' "$usage" "$help"
  exit 0
fi
if [ -n "${given_version:-}" ]; then
  printf 'pd-send %s\n' '@VERSION@'
  exit 0
fi
compose
read_settings
case $skip_verification$target in
  yes[Hh][Tt][Tt][Pp][Ss]:*)
    printf 'pd-send: warning: PDSEND_SKIP_CERT_VERIFY is on: the connection is not protected against interception\n' >&2
    ;;
esac
send
[ -n "${given_quiet:-}" ] || printf 'Event processed. Incident Key: %s\n' "$key"
