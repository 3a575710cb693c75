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
  [ -z "$ca_file" ] || check_file PDSEND_CA_FILE "$ca_file"
  read_flag "${PDSEND_SKIP_CERT_VERIFY:-}"
}

not_a_url() {
  # The value may contain a password, so it is not shown.
  fail 'PDSEND_EVENTS_BASE_URL is not a URL that begins with https:// or http://'
}

# read_secret NAME VALUE FILE: sets $secret to the value, or the content of the file, without surrounding whitespace.
read_secret() {
  if [ -z "$3" ]; then
    trim "$2"
    secret=$trimmed
    return 0
  fi
  [ -z "$2" ] || fail "$1 and $1_FILE are both set: set only one of them"
  check_file "$1_FILE" "$3"
  trim "$(while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$3")"
  secret=$trimmed
  [ -n "$secret" ] || fail "$1_FILE is '$3', which is empty"
}

# check_file NAME FILE
check_file() {
  [ -r "$2" ] && [ ! -d "$2" ] || fail "$1 cannot be read: no such file, or no permission: '$2'"
}

# curl reads https_proxy, HTTPS_PROXY, no_proxy, NO_PROXY and http_proxy, but not HTTP_PROXY: in a CGI script that is the
# request's header "Proxy" (https://httpoxy.org). It is used outside of CGI scripts only.
read_proxy() {
  [ -z "${REQUEST_METHOD:-}${GATEWAY_INTERFACE:-}" ] || return 0
  [ -z "${http_proxy:-}" ] && [ -n "${HTTP_PROXY:-}" ] || return 0
  http_proxy=$HTTP_PROXY
  export http_proxy
}

# The token is for the gateway; it must not be sent to PagerDuty.
read_token() {
  token=
  [ -n "${PDSEND_EVENTS_BASE_URL:-}" ] || return 0
  read_secret PDSEND_TOKEN "${PDSEND_TOKEN:-}" "${PDSEND_TOKEN_FILE:-}"
  token=$secret
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
