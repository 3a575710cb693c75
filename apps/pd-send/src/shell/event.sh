# Builds the event from the arguments.

# One line per detail, as JSON; for duplicate names the last one counts.
fields=$newline
has_fields=no

keep_field() {
  has_fields=yes
  case $1 in
    *=*) ;;
    *)
      # Reported later, as in pd-send: errors of the command line come first.
      [ -n "${bad_field+given}" ] || bad_field=$1
      return 0
      ;;
  esac
  escape "${1%%=*}"
  name="\"$escaped\":"
  escape "${1#*=}"
  case $fields in
    *"$newline$name"*)
      after=${fields#*"$newline$name"}
      fields="${fields%%"$newline$name"*}$newline$name\"$escaped\"$newline${after#*"$newline"}"
      ;;
    *) fields="$fields$name\"$escaped\"$newline" ;;
  esac
}

# member NAME TEXT: adds ,"NAME":"TEXT" to $members.
member() {
  escape "$2"
  members="$members,\"$1\":\"$escaped\""
}

compose() {
  [ -z "${bad_field+given}" ] || usage_error "argument -f/--field: expected KEY=VALUE, got '$bad_field'"
  key=${given_incidentKey:-}
  has_payload=yes
  case ${given_description:-} in *[![:space:]]*) ;; *) has_payload=no ;; esac
  if [ "$given_type" = trigger ]; then
    [ $has_payload = yes ] || usage_error "Event type 'trigger' requires description"
    [ -n "$key" ] || make_key
  else
    [ -n "$key" ] || usage_error "Event type '$given_type' requires incident key"
  fi
  members=
  member routing_key "$given_key"
  member event_action "$given_type"
  member dedup_key "$key"
  [ $has_payload = no ] || add_payload
  [ -z "${given_client+given}" ] || member client "$given_client"
  [ -z "${given_clientUrl+given}" ] || member client_url "$given_clientUrl"
  body="{${members#,}}"
}

# find_host: sets $host to the name of this host.
find_host() {
  host=$(uname -n 2>/dev/null) || { read -r host </proc/sys/kernel/hostname; } 2>/dev/null || host=localhost
}

add_payload() {
  outside=$members
  escape "$given_description" 1024
  members=",\"summary\":\"$escaped\""
  [ -n "${given_source+given}" ] || find_host
  member source "${given_source-$host}"
  member severity "${given_severity:-critical}"
  [ -z "${given_component+given}" ] || member component "$given_component"
  [ -z "${given_group+given}" ] || member group "$given_group"
  [ -z "${given_class+given}" ] || member class "$given_class"
  [ $has_fields = no ] || add_fields
  members="$outside,\"payload\":{${members#,}}"
}

add_fields() {
  details=
  rest=${fields#"$newline"}
  while [ -n "$rest" ]; do
    details="$details${details:+,}${rest%%"$newline"*}"
    rest=${rest#*"$newline"}
  done
  members="$members,\"custom_details\":{$details}"
}

# Generates a key as PagerDuty does: 32 hexadecimal digits. With it, a retry does not open a second alert.
make_key() {
  digits=
  { read -r digits </proc/sys/kernel/random/uuid; } 2>/dev/null || digits=$(od -An -N16 -tx1 /dev/urandom 2>/dev/null)
  rest=$digits- key=
  while [ -n "$rest" ]; do
    part=${rest%%[- ]*}
    rest=${rest#"$part"?}
    key=$key$part
  done
  [ ${#key} -eq 32 ] || fail 'cannot generate an incident key on this system: pass one with -i'
}
