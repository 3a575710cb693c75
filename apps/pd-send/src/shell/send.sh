# Posts the event, and retries after network errors, 408, 429 and 5xx.

attempt_timeout_s=10

send() {
  attempts=0
  for pause in 0.25 0.75 2 end; do
    attempts=$((attempts + 1))
    post
    [ "$outcome" != accepted ] || return 0
    [ "$pause" != end ] && is_retryable || break
    case $retry_after in
      '' | 0*) ;;
      [1-5]) pause=$retry_after ;;
      *) pause=5 ;;
    esac
    # Not every sleep accepts fractions.
    sleep "$pause" 2>/dev/null || sleep 1
  done
  tried=
  [ $attempts -eq 1 ] || tried=" ($attempts attempts)"
  case $outcome in
    unreachable) fail "cannot reach $origin: $reason$tried" ;;
    untrusted)
      fail "the certificate of $origin is not trusted: $reason; set PDSEND_CA_FILE to a file with its authority, or trust any certificate with PDSEND_SKIP_CERT_VERIFY=true"
      ;;
    misnamed)
      fail "the certificate of $origin is for another name: $reason; use one of its names in PDSEND_EVENTS_BASE_URL, or add the host to PDAGENTD_TLS_NAMES of the gateway"
      ;;
    answered)
      hint=
      # A web page or a success without the gateway's JSON comes from a proxy or a login page, or the address is wrong.
      case $status${answer#"${answer%%[!" $tab$newline$return"]*}"} in
        2* | ???'<'*) hint=' (not the response of the gateway: check PDSEND_EVENTS_BASE_URL, and any proxy or login page)' ;;
        401*) hint=" (PDSEND_TOKEN must be one of the gateway's tokens)" ;;
      esac
      fail "$origin answered $status$hint$tried: $(reason_in "$answer")"
      ;;
  esac
}

is_retryable() {
  case $outcome$status in unreachable* | answered408 | answered429 | answered5??) ;; *) return 1 ;; esac
}

# Posts once. The body contains the routing key, the URL may contain a password, and there may be a token: none of them
# may appear in the process list.
post() {
  status='' retry_after='' reason=''
  set -- -q -g -sS -i -X POST -A pd-send -m $attempt_timeout_s -H 'Content-Type: application/json' -H 'Expect:' \
    -w "$newline%{http_code} %{size_header}" --data-binary @-
  [ -z "$ca_file" ] || set -- "$@" --cacert "$ca_file"
  [ $skip_verification = no ] || set -- "$@" -k
  secrets=
  case $target in *@*) secrets="url = \"$target\"" ;; *) set -- "$@" "$target" ;; esac
  if [ -n "$token" ]; then
    # curl's quoting accepts JSON's escapes.
    escape "$token"
    secrets="$secrets${newline}header = \"X-PDaltagent-Token: $escaped\""
  fi
  [ -z "$secrets" ] || set -- "$@" -K /dev/fd/3
  answer=$(call_curl "$@" 2>&1)
  code=$?
  case $code in
    0) read_answer ;;
    51 | 60) outcome=untrusted ;;
    127) fail 'curl is not installed' ;;
    *) outcome=unreachable ;;
  esac
  [ $code -ne 0 ] || return 0
  reason=${answer##*"curl: ("}
  reason=${reason#*") "}
  reason=${reason%%"$newline"*}
  # curl has one exit code for both; its words depend on its TLS library.
  case $outcome$reason in
    untrusted*'subject name'* | untrusted*'host name'* | untrusted*hostname* | untrusted*'not match'*) outcome=misnamed ;;
  esac
  [ $code -ne 28 ] || reason="no response within $attempt_timeout_s s"
}

call_curl() {
  printf '%s' "$body" | curl "$@" 3<<EOT
$secrets
EOT
}

# curl's output: the headers of all responses (a proxy's, 100, the last one), the body, and a line with status and header size.
read_answer() {
  sizes=${answer##*"$newline"}
  answer=${answer%"$newline"*}
  status=${sizes% *}
  heads=$(printf "%.${sizes#* }s" "$answer")
  # The command substitution that cut off the headers has removed their last line end.
  answer=${answer#"$heads$newline"}
  outcome=answered
  # The gateway and PagerDuty send the same responses; a login page, whatever its status, has not accepted the event.
  case $status$answer in 202'{'*'"status":"success"'* | 202'{'*'"status": "success"'*) outcome=accepted ;; esac
  retry_after=${heads##*"$newline"[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]:}
  [ "$retry_after" != "$heads" ] || retry_after=
  retry_after=${retry_after%%"$return"*}
  retry_after=${retry_after#"${retry_after%%[! ]*}"}
  case $retry_after in *[!0-9]*) retry_after= ;; esac
}

# reason_in TEXT: PagerDuty's message and errors if the text has any, otherwise its beginning, on one line.
reason_in() {
  words='' errors=''
  case $1 in
    *'"message":"'*)
      rest=${1#*'"message":"'}
      read_string && words=$string
      ;;
  esac
  case $1 in
    *'"errors":["'*)
      rest=${1#*'"errors":["'}
      while read_string; do
        errors="$errors${errors:+; }$string"
        case $rest in ',"'*) rest=${rest#??} ;; *) break ;; esac
      done
      words="$words${words:+: }$errors"
      ;;
  esac
  words=${words:-$1}
  while [ "${words#*"$return"}" != "$words" ]; do words="${words%%"$return"*} ${words#*"$return"}"; done
  set -f
  # shellcheck disable=SC2086 # the words, with one space between them
  set -- $words
  words=$(printf '%.500s' "$*")
  printf '%s' "${words:-no reason given}"
}
