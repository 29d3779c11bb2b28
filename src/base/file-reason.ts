// What comes in: why the system refused a file. What goes out: the reason in words, to stand behind "X cannot be read: ".

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EROFS: 'the file system is read-only',
};

/** @param missing what ENOENT means here: when a file is made, it is the folder that is missing */
export function fileReason(error: unknown, missing = 'there is no such file'): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? missing : (REASONS[code] ?? message);
}
