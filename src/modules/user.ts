// user: an account of the host's own files is there, as it should be, or not. By useradd, usermod and userdel. The steps are those of modules/user.py.
// The password is a hash, and never in a command line: it goes on standard input. Answer under Ansible's names: changed, uid, group, home, shell …
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { EXPAND } from './ownership.js';
import { FAIL, planScript } from './plan-script.js';

const NOT_HERE = 'it is for other systems than Linux: leave it out';

const parameters = {
  name: { type: 'string', required: true, aliases: ['user'] },
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  uid: { type: 'integer' },
  non_unique: { type: 'boolean', default: false },
  group: { type: 'string' },
  groups: { type: 'list' },
  append: { type: 'boolean', default: false },
  comment: { type: 'string' },
  home: { type: 'path' },
  shell: { type: 'path' },
  skeleton: { type: 'string' },
  umask: { type: 'string' },
  password: { type: 'string' },
  password_lock: { type: 'boolean' },
  update_password: { type: 'string', default: 'always', choices: ['always', 'on_create'] },
  password_expire_max: { type: 'integer' },
  password_expire_min: { type: 'integer' },
  password_expire_warn: { type: 'integer' },
  password_expire_account_disable: { type: 'integer' },
  expires: { type: 'float' },
  system: { type: 'boolean', default: false },
  create_home: { type: 'boolean', default: true, aliases: ['createhome'] },
  move_home: { type: 'boolean', default: false },
  remove: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  generate_ssh_key: { type: 'boolean', default: false },
  ssh_key_bits: { type: 'integer' },
  ssh_key_type: { type: 'string', default: 'rsa' },
  ssh_key_file: { type: 'path' },
  ssh_key_comment: { type: 'string' },
  ssh_key_passphrase: { type: 'string', refused: 'make the key with the module command' },
  local: { type: 'boolean', default: false, refused: 'the host decides where its accounts are' },
  seuser: { type: 'string', refused: 'SELinux is not supported yet' },
  uid_min: { type: 'integer' },
  uid_max: { type: 'integer' },
  hidden: { type: 'boolean', refused: NOT_HERE },
  profile: { type: 'string', refused: NOT_HERE },
  authorization: { type: 'string', refused: NOT_HERE },
  role: { type: 'string', refused: NOT_HERE },
  login_class: { type: 'string', refused: NOT_HERE },
} as const satisfies Parameters;

const BODY = `
${EXPAND}
expand home shell keyfile
hash=; [ -z "$haspassword" ] || hash=$(cat)
run() { changed=true; [ -n "$check" ] && return; err=$("$@" 2>&1 </dev/null) || { rc=$?; answer; say changed false; say failed true; tell msg "$err$ft_newline"; say rc_alone "$rc"; finish; }; }
entry() { line=$(getent passwd "$name" 2>/dev/null || grep "^$name:" /etc/passwd); }
# For $(field NUMBER).
field() { [ -n "$line" ] || return 0; n=$1; set -f; IFS=:; set -- $line; shift $((n - 1)); printf '%s\\n' "$1"; }
shadow() { grep "^$name:" /etc/shadow 2>/dev/null | cut -d: -f"$1"; }
gid_of() { getent group "$1" 2>/dev/null | cut -d: -f3; }
# Groups that name the user as a member, without the primary one; sorted.
members() { sed -n "s/^\\\\([^:]*\\\\):[^:]*:[^:]*:\\\\(.*\\\\)$/\\\\1 ,\\\\2,/p" /etc/group | while read -r g list; do case $list in *,"$name",*) printf '%s\\n' "$g" ;; esac; done | sort; }
home_mode() {
  from() { sed -n "s/^$1[[:space:]]*//p" /etc/login.defs 2>/dev/null | head -n 1; }
  bits=$(from HOME_MODE); m=\${mask:-$(from UMASK)}
  if [ -n "$bits" ] && [ -z "$mask" ]; then printf '%s' "$bits"; else printf %o "$((0777 & ~0\${m:-022}))"; fi
}
set_password() {
  changed=true
  [ -n "$check" ] || printf '%s:%s\\n' "$name" "$hash" | chpasswd -e >/dev/null 2>&1 || fail "the password of $name could not be set" 1
}
entry
# Who is made only in check mode may have groups that are made then, too.
if [ "$state" = present ] && { [ -n "$line" ] || [ -z "$check" ]; }; then
  for g in $group $groups; do [ -n "$(gid_of "$g")" ] || { answer; say changed false; say failed true; say nogroup 1; tell msg "Group $g does not exist"; finish; }; done
fi
created=
if [ "$state" = absent ]; then
  [ -z "$line" ] || run userdel \${force:+-f} \${remove:+-r} "$name"
elif [ -z "$line" ]; then
  created=1
  set -- useradd
  [ -z "$uid" ] || { set -- "$@" -u "$uid"; [ -z "$nonunique" ] || set -- "$@" -o; }
  if [ -n "$group" ]; then set -- "$@" -g "$group"; elif [ -n "$(gid_of "$name")" ]; then set -- "$@" -N; [ ! -e /etc/redhat-release ] || set -- "$@" -n; fi
  [ -z "$groups" ] || set -- "$@" -G "$(echo $groups | tr ' ' ,)"
  [ -z "$hascomment" ] || set -- "$@" -c "$comment"
  [ -z "$home" ] || set -- "$@" -d "$home"
  [ -z "$shell" ] || set -- "$@" -s "$shell"
  [ -z "$hasexpires" ] || set -- "$@" -e "$expires"
  [ -z "$inactive" ] || set -- "$@" -f "$inactive"
  if [ -n "$createhome" ]; then set -- "$@" -m; [ -z "$skeleton" ] || set -- "$@" -k "$skeleton"; [ -z "$mask" ] || set -- "$@" -K "UMASK=$mask"; else set -- "$@" -M; fi
  [ -z "$system" ] || set -- "$@" -r
  [ -z "$uidmin" ] || set -- "$@" -K "UID_MIN=$uidmin"
  [ -z "$uidmax" ] || set -- "$@" -K "UID_MAX=$uidmax"
  if [ -n "$createhome" ] && [ -n "$home" ] && [ -z "$check" ]; then case $home in */*) [ -d "\${home%/*}/" ] || mkdir -p "\${home%/*}" ;; esac; fi
  run "$@" "$name"
  [ -z "$haspassword" ] || { [ "$lock" != 1 ] || hash="!$hash"; set_password; }
  if [ "$lock" = 1 ] && [ -z "$haspassword" ]; then run usermod -L "$name"; fi
else
  set -- usermod
  if [ -n "$uid" ] && [ "$uid" != "$(field 3)" ]; then set -- "$@" -u "$uid"; [ -z "$nonunique" ] || set -- "$@" -o; fi
  if [ -n "$group" ] && [ "$(gid_of "$group")" != "$(field 4)" ]; then set -- "$@" -g "$(gid_of "$group")"; fi
  if [ -n "$hasgroups" ]; then
    primary=$(getent group "$(field 4)" | cut -d: -f1); is=$(members | grep -vxF "$primary")
    wanted=$(for g in $groups; do getent group "$g" | cut -d: -f1; done | sort -u | grep -vxF "\${group:-$primary}")
    if [ -n "$append" ]; then
      missing=; for g in $wanted; do printf '%s\\n' "$is" | grep -qxF "$g" || missing="$missing $g"; done
      [ -z "$missing" ] || set -- "$@" -a -G "$(echo $wanted | tr ' ' ,)"
    elif [ "$is" != "$wanted" ]; then set -- "$@" -G "$(echo $wanted | tr ' ' ,)"; fi
  fi
  if [ -n "$hascomment" ] && [ "$comment" != "$(field 5)" ]; then set -- "$@" -c "$comment"; fi
  if [ -n "$home" ] && [ "$home" != "$(field 6)" ]; then set -- "$@" -d "$home"; [ -z "$movehome" ] || set -- "$@" -m; fi
  if [ -n "$shell" ] && [ "$shell" != "$(field 7)" ]; then set -- "$@" -s "$shell"; fi
  if [ -n "$hasexpires" ]; then
    is=$(shadow 8)
    if [ -z "$expires" ]; then case $is in ''|-*) ;; *) set -- "$@" -e '' ;; esac
    elif [ "$is" != "$expiresdays" ]; then set -- "$@" -e "$expires"; fi
  fi
  if [ -n "$inactive" ] && [ "$(shadow 7)" != "$inactive" ]; then set -- "$@" -f "$inactive"; fi
  is=; [ -z "$lock$haspassword" ] || is=$(shadow 2)
  if [ "$lock" = 1 ]; then case $is in '!'*) ;; *) set -- "$@" -L ;; esac
  elif [ "$lock" = 0 ]; then case $is in '!'*) set -- "$@" -U ;; esac; fi
  [ "$#" = 1 ] || run "$@" "$name"
  if [ -n "$haspassword" ] && [ "$update" = always ] && [ "\${is#!}" != "\${hash#!}" ]; then [ "$lock" != 1 ] || hash="!$hash"; set_password; fi
fi
if [ "$state" = present ]; then
  [ "$changed" = false ] || entry
  for pair in "max M 5 $expiremax" "min m 4 $expiremin" "warn W 6 $expirewarn"; do
    set -- $pair
    [ -n "$4" ] || continue
    [ "$(shadow "$3")" = "$4" ] || { [ -n "$created" ] && [ -n "$check" ]; } || run chage "-$2" "$4" "$name"
  done
  house=\${home:-$(field 6)}
  if [ -n "$createhome" ] && [ -z "$created" ] && [ ! -d "$house" ]; then
    changed=true
    if [ -z "$check" ]; then
      mkdir -p "\${house%/*}" && cp -R "\${skeleton:-/etc/skel}" "$house" && chmod "0000$(home_mode)" "$house" && chown -R "$(field 3):$(field 4)" "$house" || fail "the home $house could not be made" 1
    fi
  fi
  if [ -n "$keytype" ]; then
    keyfile=\${keyfile:-.ssh/id_$keytype}; case $keyfile in /*) ;; *) keyfile=$house/$keyfile ;; esac
    if [ ! -e "$keyfile" ] || [ -n "$force" ]; then
      changed=true
      if [ -z "$check" ]; then
        [ -d "\${keyfile%/*}" ] || { mkdir -m 700 "\${keyfile%/*}" && chown "$(field 3):$(field 4)" "\${keyfile%/*}"; }
        rm -f "$keyfile"
        [ -z "$hostcomment" ] || keycomment="ansible-generated on $(uname -n)"
        err=$(ssh-keygen -q -t "$keytype" \${keybits:+-b "$keybits"} -C "$keycomment" -f "$keyfile" -N '' 2>&1) || fail "$err" 1
        chown "$(field 3):$(field 4)" "$keyfile" "$keyfile.pub"
      fi
    fi
  fi
fi
answer
say changed "$changed"
say created "$created"
say line "$line"
[ -z "$err" ] || tell stderr "$err"
[ -z "$keytype" ] || [ ! -e "$keyfile.pub" ] || { tell key "$(cat "$keyfile.pub")"; tell keyfile "$keyfile"; tell fingerprint "$(ssh-keygen -lf "$keyfile" 2>/dev/null)"; }
`;

const HASH_LENGTHS: Readonly<Record<string, number>> = { 1: 22, 5: 43, 6: 86, y: 43 };

/** Whether it looks like what crypt(3) makes, or closes the account (user.py, check_password_encrypted). */
function isHash(password: string): boolean {
  if (['', '*', '!', '*************'].includes(password)) return true;
  const fields = password.split('$');
  const [, scheme = ''] = fields;
  const hash = fields.at(-1) ?? '';
  return !/[:*!]/.test(password) && fields.length >= 3 && /^[a-zA-Z0-9./=]*$/.test(hash) && hash.length === (HASH_LENGTHS[scheme] ?? hash.length);
}

export const user: PlaybookModule<typeof parameters> = {
  name: 'user',
  parameters,
  ahead: 'looks',
  checkWritten: (written) => {
    if (written.non_unique === true && !('uid' in written)) return { message: 'non_unique is True but all of the following are missing: uid', parameter: 'non_unique' };
    if (written.append === true && !('groups' in written)) return undefined;
    return undefined;
  },
  plan: (params, context) => {
    const { name, state, uid, group, append, comment, shell, skeleton, password, remove, force, system } = params;
    if (password !== undefined && /[:\n]/.test(password)) throw new ParameterError('a hash holds no colon and no newline', 'password');
    const groups = params.groups?.filter((one) => one !== '');
    if (groups?.some((one) => !/^[\w.-]+\$?$/.test(one)) === true) throw new ParameterError('a group has a name of letters, digits, _ and -', 'groups');
    const { expires } = params;
    const day = expires === undefined || expires < 0 ? undefined : Math.floor(expires / 86_400);
    const words = {
      name, state, uid, group, append, comment, shell, skeleton, remove, force, system, home: params.home, groups: groups?.join(' '), hasgroups: groups !== undefined, hascomment: comment !== undefined,
      nonunique: params.non_unique, mask: params.umask, haspassword: password !== undefined, update: params.update_password, lock: params.password_lock === undefined ? '' : params.password_lock ? '1' : '0',
      hasexpires: expires !== undefined, expires: day === undefined ? '' : new Date(day * 86_400_000).toISOString().slice(0, 10), expiresdays: day, inactive: params.password_expire_account_disable,
      expiremax: params.password_expire_max, expiremin: params.password_expire_min, expirewarn: params.password_expire_warn, createhome: params.create_home, movehome: params.move_home,
      keytype: params.generate_ssh_key ? params.ssh_key_type : '', keybits: params.ssh_key_bits, keyfile: params.ssh_key_file, keycomment: params.ssh_key_comment, hostcomment: params.ssh_key_comment === undefined,
      uidmin: params.uid_min, uidmax: params.uid_max,
    };
    const shown = { name, state, uid, group, groups: params.groups, home: params.home, shell };
    return planScript({ module: 'user', shown, words, body: `${FAIL}\n${BODY}`, input: Buffer.from(password ?? ''), look: password === undefined ? 'check' : undefined, failureValues: ({ values }) => (values.has('nogroup') ? {} : { name }) }, context, (answer) => {
      const warnings = password === undefined || isHash(password) ? [] : ["The input password appears not to have been hashed. The 'password' argument must be encrypted for this module to work properly."];
      const [, , id = '', gid = '', gecos = '', home = '', login = ''] = (answer.values.get('line') ?? '').split(':');
      const known = id === '' || state === 'absent' ? {} : { uid: Number(id), group: Number(gid), comment: gecos, home, shell: login, ...(answer.values.get('created') === '1' ? { create_home: params.create_home, system } : { append, move_home: params.move_home }) };
      if (context.check && answer.changed && (state === 'absent' || answer.values.get('created') === '1')) return { changed: true, warnings };
      const key = answer.text('key') === '' ? {} : { ssh_public_key: answer.text('key'), ssh_key_file: answer.text('keyfile'), ssh_fingerprint: answer.text('fingerprint') };
      const absent = state === 'absent' && answer.changed ? { remove, force } : {};
      return { changed: answer.changed, warnings, values: { name, state, ...known, ...absent, ...(groups === undefined ? {} : { groups: groups.join(',') }), ...(password === undefined ? {} : { password: 'NOT_LOGGING_PASSWORD' }), ...(answer.text('stderr') === '' ? {} : { stderr: `${answer.text('stderr')}\n` }), ...key } };
    });
  },
};
