// Some of dpkg's packages, read from its own file: dpkg-query and the programs themselves take several times as long, and this is paid on every host.

/** The fields that are wanted stand among the first of each package. */
const FIELDS = 16;

/**
 * POSIX sh. Adds to `$packages` a line `name version architecture` for each of these that is installed, each behind a newline.
 * The file is read up to the last of them: the first ones of the alphabet cost least.
 */
export function askForPackages(...names: readonly string[]): string {
  return `packages=$packages$(grep -A ${FIELDS} -m ${names.length} -x ${names.map((name) => `-e 'Package: ${name}'`).join(' ')} /var/lib/dpkg/status | while read -r key value; do
case $key in Package:) name=$value; state=; architecture= ;; Status:) state=\${value##* } ;; Architecture:) architecture=$value ;;
Version:) case $state:$name in ${names.map((name) => `installed:${name}`).join(' | ')}) printf '%s %s %s\\n' "$name" "$value" "$architecture" ;; esac ;; esac
done)$newline`;
}

/** POSIX sh. Sets `$newline`, `$packages` (bash and dpkg, see askForPackages) and `$deb_architecture`, which is empty where there is no dpkg. */
export const PACKAGES_COMMAND = `newline='
'
packages=$newline
${askForPackages('bash', 'dpkg')}
case $packages in
*"$newline"'dpkg '*) deb_architecture=\${packages#*"$newline"dpkg }; deb_architecture=\${deb_architecture%%"$newline"*}; deb_architecture=\${deb_architecture##* } ;;
*) deb_architecture=$(dpkg --print-architecture) ;;
esac`;
