// What comes in: a URL. What goes out: sh functions with which a host fetches it into a file, and says what the server has answered.
// The host's own program does it: curl, wget or busybox. Headers and a login need curl: they come in a file, not as words of a command line.

/**
 * \`fetch_url URL FILE [HEADER]\` fails where nothing came, or the server says that it is a mistake, with said as Ansible words it. Afterwards `status` (empty
 * where no HTTP server was asked), `reason`, `length` and `encoding` are those of the last answer, `filename` is what the server calls the file, `elapsed` the
 * time in s. Needs the variables limit (s), insecure, noproxy, agent, netrc, settings (curl's file; or empty), compressed (what comes as gzip stays so).
 */
export const FETCH_URL = `
centiseconds() { read -r ft_up ft_rest < /proc/uptime; ft_up=\${ft_up%.*}\${ft_up#*.}; }
# Of the headers of all answers in FILE, the last one's, as lines for eval; the name is that of Content-Disposition, or that of the last address.
answered_with() {
  awk -v address="$1" '
  function word(text) { gsub(/\\047/, "\\047\\\\\\047\\047", text); return "\\047" text "\\047" }
  { sub(/\\r$/, ""); sub(/^ +/, ""); lower = tolower($0) }
  /^HTTP\\/[0-9.]+ [0-9][0-9][0-9]/ { status = $2; reason = $0; sub(/^[^ ]+ [^ ]+ */, "", reason); length_is = encoding = disposition = ""; next }
  lower ~ /^content-length: *[0-9]+$/ { length_is = $2 }
  lower ~ /^content-encoding:/ { encoding = lower; sub(/^[^:]*: */, "", encoding) }
  lower ~ /^content-disposition:/ { disposition = $0; sub(/^[^:]*: */, "", disposition) }
  lower ~ /^location:/ && status ~ /^3/ { address = $0; sub(/^[^:]*: */, "", address) }
  END {
    name = ""
    if (match(tolower(disposition), /; *filename *= */)) {
      name = substr(disposition, RSTART + RLENGTH)
      if (name ~ /^"/) { name = substr(name, 2); sub(/".*/, "", name) } else sub(/ *;.*/, "", name)
      sub(/.*\\//, "", name)
    }
    if (name == "" || name == "." || name == "..") { name = address; sub(/[?#].*/, "", name); sub(/^[A-Za-z][A-Za-z0-9+.-]*:\\/\\/[^\\/]*/, "", name); sub(/.*\\//, "", name) }
    if (name == "") name = "index.html"
    print "status=" word(status) " reason=" word(reason) " length=" word(length_is) " encoding=" word(encoding) " filename=" word(name)
  }' "$2"
}
fetch_url() {
  said=; status=; reason=; encoding=; heads=$(mktemp) || { said='no temporary file'; return 1; }
  centiseconds; ft_from=$ft_up; ft_ended=0
  case $1 in
  file://*)
    filename=\${1##*/}; ft_file=\${1#file://}
    if cp -- "$ft_file" "$2" 2>/dev/null; then length=$(stat -c %s -- "$2"); else ft_ended=1; said="<urlopen error [Errno 2] No such file or directory: '$ft_file'>"; fi ;;
  *)
    if command -v curl >/dev/null 2>&1; then said=$(curl -sSL --http1.1 --connect-timeout "$limit" --speed-time "$limit" --speed-limit 1 \${insecure:+-k} \${noproxy:+--noproxy '*'} \${netrc:+--netrc-optional \${NETRC:+--netrc-file "$NETRC"}} \${agent:+-A "$agent"} \${3:+-H "$3"} \${settings:+-K "$settings"} -D "$heads" -o "$2" -- "$1" 2>&1)
    elif [ -n "$settings" ] && [ -s "$settings" ]; then said='the host has no curl, which headers and logins need'; false
    elif command -v wget >/dev/null 2>&1; then wget -nv -S -T "$limit" \${insecure:+--no-check-certificate} \${noproxy:+--no-proxy} \${agent:+-U "$agent"} \${3:+--header "$3"} -O "$2" -- "$1" 2>"$heads"
    # Without -T, with which that of Debian 12 crashes.
    elif command -v busybox >/dev/null 2>&1; then busybox wget -q -S \${agent:+-U "$agent"} \${3:+--header "$3"} -O "$2" "$1" 2>"$heads"
    else said='the host has neither curl nor wget'; false; fi
    ft_ended=$?
    eval "$(answered_with "$1" "$heads")"
    # wget fails where curl hands on what the server has said.
    case $status in 304|4*|5*) ft_ended=0 ;; *) [ "$ft_ended" = 0 ] || [ -n "$said" ] || said=$(grep -v '^ ' "$heads" | tail -n 3) ;; esac ;;
  esac
  rm -f "$heads"
  centiseconds; elapsed=$(((ft_up - ft_from) / 100))
  [ "$ft_ended" = 0 ] || { status=; said="Request failed: $said"; return 1; }
  case $status in ''|2*) ;; *) said="HTTP Error $status: $reason"; return 1 ;; esac
  [ "$encoding" != gzip ] || [ -n "$compressed" ] || { gzip -dc < "$2" > "$2.plain" && cat "$2.plain" > "$2"; rm -f "$2.plain"; }
  said="OK (\${length:-unknown} bytes)"
}
`.trim();
