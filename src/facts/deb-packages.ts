// Some of dpkg's packages, read from its own file: dpkg-query and the programs themselves take several times as long, and this is paid on every host.

const NAMES = ['bash', 'dpkg', 'systemtap', 'systemtap-runtime'];

/** The fields that are wanted stand among the first of each package. */
const FIELDS = 16;

/**
 * POSIX sh. Leaves `$packages`: a line `name version architecture` for each of NAMES that is installed, each behind a newline; and
 * `$deb_architecture`, which is empty where there is no dpkg.
 */
export const PACKAGES_COMMAND = `packages=$(grep -A ${FIELDS} -x ${NAMES.map((name) => `-e 'Package: ${name}'`).join(' ')} /var/lib/dpkg/status | while read -r key value; do
case $key in Package:) name=$value; state=; architecture= ;; Status:) state=\${value##* } ;; Architecture:) architecture=$value ;;
Version:) case $state:$name in ${NAMES.map((name) => `installed:${name}`).join(' | ')}) printf '%s %s %s\\n' "$name" "$value" "$architecture" ;; esac ;; esac
done)
newline='
'
packages=$newline$packages$newline
case $packages in
*"$newline"'dpkg '*) deb_architecture=\${packages#*"$newline"dpkg }; deb_architecture=\${deb_architecture%%"$newline"*}; deb_architecture=\${deb_architecture##* } ;;
*) deb_architecture=$(dpkg --print-architecture) ;;
esac`;
