# Run inside of the new root, once: users, an archive of small packages, and nothing that differs from one making to the next.
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
echo ring > /etc/hostname
printf '127.0.0.1 localhost ring\n' > /etc/hosts
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
useradd -m -u 1500 -s /bin/bash alice
groupadd -g 1600 staffers
mkdir -p /run/sshd

# package NAME VERSION DEPENDS SCRIPT-LINES: a package whose only file says its version.
archive=/srv/archive
mkdir -p "$archive"
package() {
  d=$(mktemp -d)
  mkdir -p "$d/DEBIAN" "$d/usr/share/$1" "$d/etc/$1"
  echo "$2" > "$d/usr/share/$1/version"
  echo "# settings of $1 $2" > "$d/etc/$1/$1.conf"
  echo "/etc/$1/$1.conf" > "$d/DEBIAN/conffiles"
  printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: for tests\n' "$1" "$2" > "$d/DEBIAN/control"
  [ -z "$3" ] || printf '%s\n' "$3" >> "$d/DEBIAN/control"
  if [ -n "${4:-}" ]; then
    mkdir -p "$d/etc/init.d"
    cat > "$d/etc/init.d/$1" <<SCRIPT
#!/bin/sh
### BEGIN INIT INFO
# Provides:          $1
# Required-Start:    \$local_fs
# Required-Stop:     \$local_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: for tests
### END INIT INFO
. /lib/lsb/init-functions
pid=/run/$1.pid
case "\$1" in
start) [ -e "\$pid" ] && kill -0 "\$(cat "\$pid")" 2>/dev/null && exit 0; setsid sleep 100000 >/dev/null 2>&1 </dev/null & echo \$! > "\$pid" ;;
stop) [ -e "\$pid" ] && kill "\$(cat "\$pid")" 2>/dev/null; rm -f "\$pid" ;;
restart|force-reload) "\$0" stop; "\$0" start ;;
reload) echo reloaded >> /var/log/$1.log ;;
status) if [ -e "\$pid" ] && kill -0 "\$(cat "\$pid")" 2>/dev/null; then echo "$1 is running"; exit 0; else echo "$1 is not running"; exit 3; fi ;;
*) exit 2 ;;
esac
SCRIPT
    chmod 755 "$d/etc/init.d/$1"
    echo "/etc/init.d/$1" >> "$d/DEBIAN/conffiles"
    printf '#!/bin/sh\nupdate-rc.d %s defaults >/dev/null\n' "$1" > "$d/DEBIAN/postinst"
    printf '#!/bin/sh\n[ "$1" != purge ] || update-rc.d %s remove >/dev/null\n' "$1" > "$d/DEBIAN/postrm"
    chmod 755 "$d/DEBIAN/postinst" "$d/DEBIAN/postrm"
  fi
  dpkg-deb --root-owner-group -b "$d" "$archive/$1_$2_all.deb" >/dev/null
  rm -r "$d"
}
package ftlib 1.0 ''
package fttool 1.0 'Depends: ftlib'
package fttool 2.0 'Depends: ftlib (>= 1.0)'
package ftextra 1.0 'Recommends: ftlib'
package ftservice 1.0 '' daemon
package ftbroken 1.0 'Depends: ftnowhere'
package ftold 1.0 ''
package ftold 1.5 ''
(cd "$archive" && dpkg-scanpackages -m . /dev/null 2>/dev/null > Packages && printf 'Origin: ring\nSuite: stable\nCodename: ring\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %s %s Packages\n' "$(sha256sum < Packages | cut -c1-64)" "$(wc -c < Packages)" > Release)
# A second archive with one more package, for tests that add a repository.
cp -r "$archive" /srv/other
d=$(mktemp -d); mkdir "$d/DEBIAN"
printf 'Package: ftother\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: for tests\n' > "$d/DEBIAN/control"
dpkg-deb --root-owner-group -b "$d" /srv/other/ftother_1.0_all.deb >/dev/null
(cd /srv/other && rm Packages && dpkg-scanpackages -m . /dev/null 2>/dev/null > Packages && printf 'Origin: other\nSuite: stable\nCodename: other\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %s %s Packages\n' "$(sha256sum < Packages | cut -c1-64)" "$(wc -c < Packages)" > Release)
echo 'deb [trusted=yes] file:/srv/archive ./' > /etc/apt/sources.list.d/archive.list
rm -rf /var/lib/apt/lists/*
apt-get -q update
apt-get -q -y install ftold=1.0
rm -f /etc/ssh/ssh_host_* /var/log/*.log /var/log/apt/* /var/cache/apt/*.bin
python3 -m compileall -q /usr/lib/python3/dist-packages/ansible /usr/lib/python3/dist-packages/ansible_collections >/dev/null 2>&1 || true
ansible-playbook --version
