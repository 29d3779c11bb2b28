// apt's script: what it looks at, and what it asks apt-get for. Reads the variables that apt.ts assigns and the packages as $@.
// Guaranteed: waits for locks that others hold (lock, seconds); never asks; configuration files that the admin changed stay unless dpkg_options say else.

export const APT_BODY = `
LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
export LC_ALL DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND
changed=false; updated=false; ran=; out=; err=; step=; all=; allerr=
give_up() { answer; say changed "$changed"; say failed true; say step "$step"; say rc "$1"; tell stdout "$out"; tell msg "$2"; finish; }
lists_time() { stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists 2>/dev/null || echo 0; }
# Sets out and err; where it fails, out has both.
apt_get() {
  errors=$(mktemp) || give_up 1 "no temporary file"
  ask_apt_get "$@"
  rc=$?; rm -f "$errors"
  [ "$rc" = 0 ] || out=\${out:+$out$ft_newline}$err
  return "$rc"
}
ask_apt_get() {
  until=$(($(date +%s) + lock))
  while :; do
    out=$(apt-get -q -y -o DPkg::Lock::Timeout="$lock" $dpkgoptions "$@" 2>"$errors" </dev/null)
    rc=$?; err=$(cat "$errors")
    [ "$rc" != 0 ] || return 0
    case $out$err in *'are you root'*) return "$rc" ;; *'Could not get lock'*|*'Unable to lock'*|*'Unable to acquire the dpkg'*) ;; *) return "$rc" ;; esac
    [ "$(date +%s)" -lt "$until" ] || return "$rc"
    sleep 2
  done
}
# What apt-get counts; and what it prints when it cleans up.
count() {
  case $out in *'0 upgraded, 0 newly installed, 0 to remove'*|*'0 upgraded, 0 newly installed, 0 downgraded, 0 to remove'*) ;; *) changed=true ;; esac
}
# All that was named is wanted for itself from now on, also what was there already: autoremove leaves it. No change that is told. $1: how many are new
mark() {
  [ -n "$given" ] || return 0
  if [ "$1" = 0 ]; then
    awk '/^Package: /{p=$2} /^Auto-Installed: 1/{print p}' /var/lib/apt/extended_states 2>/dev/null | grep -qxF -- "$(printf '%s\\n' "$given" | sed 's/:.*//')" || return 0
  fi
  printf '%s\\n' "$given" | xargs apt-mark manual -- >/dev/null 2>&1
}
keep_services() {
  [ -n "$policy" ] && [ -z "$check" ] || return 0
  if [ -e /usr/sbin/policy-rc.d ]; then policykept=$(mktemp); cp -p /usr/sbin/policy-rc.d "$policykept"; fi
  printf '#!/bin/sh\\nexit %s\\n' "$policy" > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
}
give_services_back() {
  [ -n "$policy" ] && [ -z "$check" ] || return 0
  if [ -n "$policykept" ]; then mv -f "$policykept" /usr/sbin/policy-rc.d; else rm -f /usr/sbin/policy-rc.d; fi
}
known() { # the packages whose name matches $1: of all (install), or of those that are here (remove)
  if [ "$state" = absent ]; then dpkg-query -W -f '\${binary:Package}\n' 2>/dev/null; else apt-cache pkgnames 2>/dev/null; fi | grep -x -e "$(printf '%s' "$1" | sed 's/[.]/\\&/g; s/[*]/.*/g; s/?/./g')" | sort
}
# Of the names $@ those that no package has and that one alone provides, if that one is here: nothing to ask apt-get for, which would mark it as wanted.
provided() {
  apt-cache showpkg "$@" 2>/dev/null | sed -n '/^Package: /{s//@ /p;d;}
/^Versions:/,/^Reverse Provides:/{/^Versions:/{n;/./s/.*/@/p;};d;}
/./s/ .*//p' | {
    name=; by=
    settle() { [ -z "$name" ] || [ -z "$by" ] || ! dpkg-query -W -f '|\${Package}|\${db:Status-Status}|\${Version}|' -- "$by" 2>/dev/null | grep -qF '|installed|' || printf '%s\\n' "$name"; }
    while read -r word rest; do
      case $word:$rest in
      @:) name= ;;
      @:*) settle; name=$rest; by= ;;
      *) [ -z "$by" ] || [ "$by" = "$word" ] || name=; by=$word ;;
      esac
    done
    settle
  }
}
# Of the versions of package $1 that match $version the newest, or $2.
newest() {
  newest=$2
  for one in $(apt-cache madison -- "$1" 2>/dev/null | cut -d'|' -f2); do
    case $one in $version) ! dpkg --compare-versions "$one" gt "$newest" || newest=$one ;; esac
  done
}
policykept=
step=look
command -v apt-get >/dev/null || give_up 127
if [ -n "$clean" ]; then
  step=clean
  [ -n "$check" ] || apt_get clean || give_up "$?"
  [ -n "$more" ] || { answer; say changed true; say cleaned 1; tell stdout "$out"; finish; }
fi
before=$(lists_time)
if [ -n "$update" ] && [ "$((before + valid))" -lt "$(date +%s)" ] || { [ -n "$update" ] && [ "$valid" = 0 ]; }; then
  step=update
  if [ -n "$check" ]; then updated=true; else
    tried=0; delay=1
    while :; do
      apt_get update && case $out$err in *'Some index files failed to download'*|*'W: Failed to fetch'*) false ;; esac && break
      rc=$?; tried=$((tried + 1))
      case $out in *'are you root'*|*'Could not get lock'*|*'Unable to lock'*) give_up "$rc" ;; esac
      [ "$tried" -lt "$retries" ] || give_up 100
      sleep "$delay"; delay=$((delay * 2)); [ "$delay" -le "$maxdelay" ] || delay=$maxdelay
    done
    [ "$(lists_time)" = "$before" ] || updated=true
  fi
fi
if [ -n "$update" ] && [ -z "$more" ]; then changed=$updated; fi
keep_services
if [ -n "$upgrade" ]; then
  step=upgrade
  apt_get \${check:+-s} $release $options \${autoremove:+--auto-remove} $upgrade || { give_services_back; give_up "$rc"; }
  count; all=$out; allerr=$err
elif [ -n "$deb" ]; then
  step=install
  expand() { case $deb in '~/'*) deb=$HOME\${deb#'~'} ;; esac; }
  expand
  case $deb in
  *://*)
    box=$(mktemp -d); trap 'rm -rf "$box"' EXIT
    if command -v curl >/dev/null 2>&1; then curl -fsSL -o "$box/package.deb" -- "$deb" 2>/dev/null; else wget -q -O "$box/package.deb" -- "$deb" 2>/dev/null; fi || give_up 1 "Failure downloading $deb"
    deb=$box/package.deb ;;
  esac
  [ -e "$deb" ] || give_up 1 "Unable to install package: Unable to open file $deb"
  name=$(dpkg-deb -f "$deb" Package 2>/dev/null) && version=$(dpkg-deb -f "$deb" Version) || give_up 1 "Unable to install package: $deb is not a Debian package"
  is=$(dpkg-query -W -f '\${db:Status-Status} \${Version}' -- "$name" 2>/dev/null)
  if [ "$is" != "installed $version" ]; then
    case $is:$options in *--allow-downgrades*) ;; installed*) ! dpkg --compare-versions "\${is#installed }" gt "$version" || give_up 1 "A later version is already installed" ;; esac
    case $deb in /*) ;; *) deb=./$deb ;; esac
    apt_get \${check:+-s} $recommends $options install -- "$deb" || { give_services_back; give_up "$rc"; }
    count; all=$out; allerr=$err
  fi
elif [ "$#" != 0 ] || [ "$state" = fixed ]; then
  step=look
  for p do
    shift
    case $p in
    *=*) set -- "$@" "$p" ;;
    *[*?[]*) found=$(known "$p"); [ -n "$found" ] || [ "$state" = absent ] || give_up 1 "No package(s) matching '$p' available"; set -- "$@" $found ;;
    *) set -- "$@" "$p" ;;
    esac
  done
  given=$(for p in "$@"; do printf '%s\\n' "\${p%%=*}"; done)
  have=$(printf '%s\\n' "$given" | xargs dpkg-query -W -f '|\${Package}|\${db:Status-Status}|\${Version}|\\n|\${Package}:\${Architecture}|\${db:Status-Status}|\${Version}|\\n' 2>/dev/null)
  for p in "$@"; do
    shift
    wanted="|$p|installed|"; any="|$p|"; version=
    case $p in *=*) version=\${p#*=}; wanted="|\${p%%=*}|installed|$version|" ;; esac
    case $version in *[*?[]*)
      # A version with wildcards: what is there may match it; then only a newer one that does, too, is installed.
      is=$(dpkg-query -W -f '\${db:Status-Status} \${Version}' -- "\${p%%=*}" 2>/dev/null)
      case $is in "installed "$version)
        [ "$state" != absent ] || { set -- "$@" "$p"; continue; }
        newest "\${p%%=*}" "\${is#installed }"
        [ "$newest" != "\${is#installed }" ] || continue
        p=\${p%%=*}=$newest; wanted="|\${p%%=*}|installed|$newest|" ;;
      esac ;;
    esac
    here=$(printf '%s\\n' "$have" | grep -F "|\${p%%=*}|installed|")
    case $state:$have in
    present:*"$wanted"*) ;;
    absent:*"$wanted"*) set -- "$@" "$p" ;;
    absent:*"$any"config-files*) [ -z "$purge" ] || set -- "$@" "$p" ;;
    absent:*) ;;
    *) [ -n "$onlyupgrade" ] && [ -z "$here" ] || set -- "$@" "$p" ;;
    esac
  done
  if [ "$state" = present ] && [ "$#" != 0 ]; then
    none=$(provided "$@")
    [ -z "$none" ] || for p do shift; printf '%s\\n' "$none" | grep -qxF -- "$p" || set -- "$@" "$p"; done
  fi
  if [ "$#" != 0 ] || [ "$state" = fixed ]; then
    step=install; verb=install
    case $state in
    absent) step=remove; verb=remove; [ -z "$purge" ] || verb=purge ;;
    build-dep) verb=build-dep ;;
    fixed) verb='install --fix-broken' ;;
    esac
    apt_get \${check:+-s} $recommends $release $options \${autoremove:+--auto-remove} $verb -- "$@" || { give_services_back; give_up "$rc"; }
    count; all=$out; allerr=$err; ran=1
  fi
  case $check$state in present|latest|fixed) mark "$#" ;; esac
fi
give_services_back
# Only what is asked for alone is cleaned up, and only one of the two (modules/apt.py).
cleanup=\${autoclean:+autoclean}; cleanup=\${cleanup:-\${autoremove:+autoremove}}
if [ -n "$cleanup" ] && [ "$count" = 0 ] && [ -z "$upgrade$deb$update" ]; then
  step=$cleanup
  apt_get \${check:+-s} \${purge:+--purge} $cleanup || give_up "$rc"
  all=$out; allerr=$err
  case $cleanup:$out in autoclean:*'Del '*|autoremove:*'The following packages will be REMOVED'*) changed=true ;; esac
fi
answer
say changed "$changed"
say ran "$ran"
say cache_updated "$updated"
say cache_update_time "$(lists_time)"
tell stdout "$all"; tell stderr "$allerr"
`;
