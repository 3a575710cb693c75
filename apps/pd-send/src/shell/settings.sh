# Where and how to send, from the environment.

read_settings() {
  base=${PDSEND_EVENTS_BASE_URL:-https://events.pagerduty.com}
  case $base in
    *[[:space:][:cntrl:]\"\\]*) not_a_url ;;
    [Hh][Tt][Tt][Pp]://[!/?#]* | [Hh][Tt][Tt][Pp][Ss]://[!/?#]*) ;;
    *) not_a_url ;;
  esac
  base=${base%%[?#]*}
  while [ "${base%/}" != "$base" ]; do base=${base%/}; done
  target=$base/v2/enqueue
  host=${base#*://}
  host=${host%%/*}
  # Without user and password.
  origin=${base%%://*}://${host##*@}
  read_proxy
  read_token
  ca_file=${PDSEND_CA_FILE:-}
  if [ -n "$ca_file" ] && { [ ! -f "$ca_file" ] || [ ! -r "$ca_file" ]; }; then
    fail "PDSEND_CA_FILE cannot be read: no such file, or no permission: '$ca_file'"
  fi
  read_flag "${PDSEND_SKIP_CERT_VERIFY:-}"
}

not_a_url() {
  # The value may contain a password, so it is not shown.
  fail 'PDSEND_EVENTS_BASE_URL is not a URL that begins with https:// or http://'
}

# curl reads https_proxy, HTTPS_PROXY, no_proxy, NO_PROXY and http_proxy, but not HTTP_PROXY.
read_proxy() {
  [ -z "${http_proxy:-}" ] && [ -n "${HTTP_PROXY:-}" ] || return 0
  http_proxy=$HTTP_PROXY
  export http_proxy
}

# The token is for the gateway; it must not be sent to PagerDuty.
read_token() {
  token=
  [ -n "${PDSEND_EVENTS_BASE_URL:-}" ] || return 0
  trim "${PDSEND_TOKEN:-}"
  token=$trimmed
  case $token in *[!!-~]*) fail 'PDSEND_TOKEN is invalid: it must have printable ASCII characters only, and no spaces' ;; esac
}

# trim TEXT: sets $trimmed to the text without surrounding whitespace.
trim() {
  trimmed=$1
  while :; do
    case $trimmed in
      [[:space:]]*) trimmed=${trimmed#?} ;;
      *[[:space:]]) trimmed=${trimmed%?} ;;
      *) break ;;
    esac
  done
}

read_flag() {
  trim "$1"
  case $trimmed in
    [Tt][Rr][Uu][Ee] | 1 | [Yy][Ee][Ss] | [Oo][Nn]) skip_verification=yes ;;
    [Ff][Aa][Ll][Ss][Ee] | 0 | [Nn][Oo] | [Oo][Ff][Ff] | '') skip_verification=no ;;
    *) fail "PDSEND_SKIP_CERT_VERIFY is \"$1\": must be true or false (also 1/0, yes/no, on/off)" ;;
  esac
}
