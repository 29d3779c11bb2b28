// One line of `stat -c` for a path, and what it says under Ansible's names. Both GNU's and busybox's stat know these letters; only GNU's has parts of
// seconds. Pure.

/** For `stat -c`; fields have no spaces but the kind's, which stands last. */
export const STAT_FORMAT = '%a %u %g %s %i %d %h %X %Y %Z %b %o %t:%T %U %G %F';

export type StatInfo = Readonly<Record<string, unknown>> & { readonly isreg: boolean; readonly isdir: boolean; readonly islnk: boolean; readonly size: number; readonly mtime: number; readonly atime: number; readonly ctime: number };

/** @param line as STAT_FORMAT gives it */
export function statInfo(line: string): StatInfo {
  const [mode = '', uid, gid, size, inode, dev, nlink, atime, mtime, ctime, blocks, blockSize, device = '', user, group, ...kindWords] = line.split(' ');
  const kind = kindWords.join(' ');
  const bits = Number.parseInt(mode, 8);
  const has = (bit: number) => (bits & bit) !== 0;
  const [major = '0', minor = '0'] = device.split(':');
  return {
    mode: mode.padStart(4, '0'),
    isdir: kind === 'directory',
    ischr: kind.startsWith('character'),
    isblk: kind.startsWith('block'),
    isreg: kind.startsWith('regular'),
    isfifo: kind === 'fifo',
    islnk: kind === 'symbolic link',
    issock: kind === 'socket',
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    inode: Number(inode),
    dev: Number(dev),
    nlink: Number(nlink),
    atime: Number(atime),
    mtime: Number(mtime),
    ctime: Number(ctime),
    wusr: has(0o200), rusr: has(0o400), xusr: has(0o100), wgrp: has(0o20), rgrp: has(0o40), xgrp: has(0o10), woth: has(0o2), roth: has(0o4), xoth: has(0o1),
    isuid: has(0o4000), isgid: has(0o2000),
    blocks: Number(blocks),
    block_size: Number(blockSize),
    device_type: Number.parseInt(major, 16) * 256 + Number.parseInt(minor, 16),
    pw_name: user === 'UNKNOWN' ? '' : (user ?? ''),
    gr_name: group === 'UNKNOWN' ? '' : (group ?? ''),
  };
}
