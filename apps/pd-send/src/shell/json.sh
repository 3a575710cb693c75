# JSON, byte by byte if necessary, without any external program.

newline='
'
tab=$(printf '\t')
return=$(printf '\r')
backspace=$(printf '\b')
form_feed=$(printf '\f')
delete=$(printf '\177')
controls=$(printf '\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037')
replacement=$(printf '\357\277\275')
# Matches characters that are not copied as they are: anything but printable ASCII, the quote, the backslash.
special='[!]-~ -!#-[]'

# Byte sets of UTF-8 for patterns (Unicode, table 3-7).
set_of() { printf "[\\$1-\\$2]"; }
any=$(set_of 200 277)
lead2=$(set_of 302 337)
e0=$(printf '\340')$(set_of 240 277)
e1_to_ec=$(set_of 341 354)$any
ed=$(printf '\355')$(set_of 200 237)
ee_to_ef=$(set_of 356 357)$any
f0=$(printf '\360')$(set_of 220 277)
f1_to_f3=$(set_of 361 363)$any
f4=$(printf '\364')$(set_of 200 217)

# escape TEXT [MAXIMUM]: sets $escaped to the text, or its first MAXIMUM characters, as the inside of a JSON string.
# Invalid UTF-8 becomes U+FFFD, one per maximal subpart, as in browsers and Node.
escape() {
  text=$1 rest='' left=${2:-999999999} escaped=
  while [ "$left" -gt 0 ]; do
    # A shell copies the whole string to remove a prefix, so a long string is processed in pieces.
    [ ${#rest} -ge 4 ] || take_piece
    [ -n "$rest" ] || return 0
    plain=${rest%%$special*}
    rest=${rest#"$plain"}
    [ ${#plain} -le "$left" ] || plain=$(printf "%.${left}s" "$plain")
    escaped=$escaped$plain
    left=$((left - ${#plain}))
    [ "$left" -gt 0 ] && [ -n "$rest" ] || continue
    # The piece may end in the middle of a character.
    [ ${#rest} -ge 4 ] || take_piece
    take_character
    escaped=$escaped$character
    left=$((left - 1))
  done
}

# Moves a piece of $text to the end of $rest.
take_piece() {
  [ -n "$text" ] || return 0
  piece=$(printf '%.256s.' "$text")
  piece=${piece%.}
  text=${text#"$piece"}
  rest=$rest$piece
}

# Removes the first character from $rest, which is not empty, and sets $character to it, escaped for JSON.
take_character() {
  character=
  case $rest in
    '"'*) width=1 character='\"' ;;
    "\\"*) width=1 character="\\\\" ;;
    "$newline"*) width=1 character='\n' ;;
    "$tab"*) width=1 character='\t' ;;
    "$return"*) width=1 character='\r' ;;
    "$backspace"*) width=1 character='\b' ;;
    "$form_feed"*) width=1 character='\f' ;;
    $lead2$any*) width=2 ;;
    $e0$any* | $e1_to_ec$any* | $ed$any* | $ee_to_ef$any*) width=3 ;;
    $f0$any$any* | $f1_to_f3$any$any* | $f4$any$any*) width=4 ;;
    $f0$any* | $f1_to_f3$any* | $f4$any*) width=3 character=$replacement ;;
    $e0* | $e1_to_ec* | $ed* | $ee_to_ef* | $f0* | $f1_to_f3* | $f4*) width=2 character=$replacement ;;
    *) width=1 ;;
  esac
  case $width in
    1) tail=${rest#?} ;;
    2) tail=${rest#??} ;;
    3) tail=${rest#???} ;;
    4) tail=${rest#????} ;;
  esac
  taken=${rest%"$tail"}
  rest=$tail
  [ -z "$character" ] || return 0
  character=$taken
  [ "$width" = 1 ] || return 0
  before=${controls%%"$taken"*}
  if [ "$before" != "$controls" ]; then
    character=$(printf '\\u%04x' $((${#before} + 1)))
  else
    # DEL is a character; any other single byte here is invalid UTF-8.
    case $taken in [!\ -~]) [ "$taken" = "$delete" ] || character=$replacement ;; esac
  fi
}

# read_string: removes a JSON string from $rest, which begins after its opening quote, and sets $string to it on one line.
read_string() {
  string=
  while :; do
    part=${rest%%[\"\\]*}
    [ "$part" != "$rest" ] || return 1
    string=$string$part
    rest=${rest#"$part"}
    case $rest in
      '"'*) rest=${rest#?} && return 0 ;;
      "\\"[nrt]*) string="$string " rest=${rest#??} ;;
      "\\u"*) string="$string\\" rest=${rest#?} ;;
      "\\"?*) rest=${rest#?} && string=$string${rest%"${rest#?}"} && rest=${rest#?} ;;
      *) return 1 ;;
    esac
  done
}
