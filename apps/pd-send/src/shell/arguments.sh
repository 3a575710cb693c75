# Parses the command line as Python's argparse does.

long_names='--help --version --service-key --routing-key --event-type --description --incident-key --severity --source
--component --group --class --client --client-url --field --quiet'

# option_named NAME: sets $option to the option with this short or long name, and $label to its name in messages.
option_named() {
  case $1 in
    -h | --help) option=help label=-h/--help ;;
    -V | --version) option=version label=-V/--version ;;
    -k | --service-key | --routing-key) option=key label=-k/--service-key ;;
    -t | --event-type) option=type label=-t/--event-type ;;
    -d | --description) option=description label=-d/--description ;;
    -i | --incident-key) option=incidentKey label=-i/--incident-key ;;
    -s | --severity) option=severity label=-s/--severity ;;
    -o | --source) option=source label=-o/--source ;;
    -m | --component) option=component label=-m/--component ;;
    -g | --group) option=group label=-g/--group ;;
    -l | --class) option=class label=-l/--class ;;
    -c | --client) option=client label=-c/--client ;;
    -u | --client-url) option=clientUrl label=-u/--client-url ;;
    -f | --field) option=field label=-f/--field ;;
    -q | --quiet) option=quiet label=-q/--quiet ;;
    *) option='' && return 1 ;;
  esac
}

# find_option WORD: sets $option and $label; if the word contains a value, $attached to it and $is_attached to yes.
find_option() {
  head=${1%%=*} attached='' is_attached=no
  case $1 in *=*) attached=${1#*=} is_attached=yes ;; esac
  option_named "$head" && return 0
  case $1 in
    --*) find_prefix "$head" ;;
    -?*)
      attached=${1#??} is_attached=yes
      option_named "${1%"$attached"}"
      ;;
    *) return 1 ;;
  esac
}

# find_prefix PREFIX: like option_named, for the only option with a long name that begins with the prefix.
find_prefix() {
  names='' found=''
  for long in $long_names; do
    case $long in "$1"*) ;; *) continue ;; esac
    option_named "$long"
    names="$names${names:+, }$long"
    case " $found " in *" $option "*) ;; *) found="$found $option" ;; esac
  done
  case $found in
    '') option='' && return 1 ;;
    ' '*' '*) usage_error "ambiguous option: $1 could match $names" ;;
  esac
  option_named "${names%%,*}"
}

# is_value WORD: a word that starts with a dash but is not one of the options is a value.
is_value() {
  case $1 in
    --) return 1 ;;
    -*) ! find_option "$1" ;;
  esac
}

parse() {
  unrecognized='' is_unrecognized=no
  while [ $# -gt 0 ]; do
    word=$1
    shift
    if [ "$word" = -- ]; then
      for word; do leave_over "$word"; done
      break
    fi
    case $word in
      -*) find_option "$word" || leave_over "$word" ;;
      *) option='' && leave_over "$word" ;;
    esac
    while [ -n "$option" ]; do
      case $option in
        help | version | quiet)
          eval "given_$option=yes"
          [ "$is_attached" = yes ] || break
          # -qk KEY: switches can be combined with the next option.
          given=$attached switch=$label
          case $word in --*) option='' ;; *) find_option "-$given" || : ;; esac
          [ -n "$option" ] || usage_error "argument $switch: ignored explicit argument '$given'"
          ;;
        *)
          name=$option title=$label value=$attached
          if [ "$is_attached" = no ]; then
            [ $# -gt 0 ] && is_value "$1" || usage_error "argument $title: expected one argument"
            value=$1
            shift
          fi
          keep "$name" "$value"
          break
          ;;
      esac
    done
  done
  [ -z "${given_help:-}${given_version:-}" ] || return 0
  missing=
  if [ -z "${given_key:-}" ]; then
    read_secret PDSEND_KEY "${PDSEND_KEY:-}" "${PDSEND_KEY_FILE:-}"
    given_key=$secret
  fi
  [ -n "$given_key" ] || missing=-k/--service-key
  [ -n "${given_type:-}" ] || missing="$missing${missing:+, }-t/--event-type"
  [ -z "$missing" ] || usage_error "the following arguments are required: $missing"
  [ "$is_unrecognized" = no ] || usage_error "unrecognized arguments: $unrecognized"
}

leave_over() {
  [ "$is_unrecognized" = no ] && unrecognized=$1 || unrecognized="$unrecognized $1"
  is_unrecognized=yes
}

keep() {
  case $1 in
    type)
      case $2 in
        trigger | acknowledge | resolve) ;;
        *) invalid_choice -t/--event-type "$2" "'trigger', 'acknowledge', 'resolve'" ;;
      esac
      ;;
    severity)
      case $2 in
        critical | error | warning | info) ;;
        *) invalid_choice -s/--severity "$2" "'critical', 'error', 'warning', 'info'" ;;
      esac
      ;;
    field)
      keep_field "$2"
      return
      ;;
  esac
  eval "given_$1=\$2"
}

invalid_choice() {
  usage_error "argument $1: invalid choice: '$2' (choose from $3)"
}
