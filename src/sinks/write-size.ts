/**
 * So many bytes one write(2) takes at most: less than 2 MiB. With more, Linux lays the page cache out in blocks of 2 MiB, which it must take from memory that was
 * not used before: 400 MB written 5 MB at a time took 0.8 s of the kernel's time, below 2 MiB at a time 0.35 s (ext4, Linux 6.18; docs/bench.md).
 */
export const AT_ONCE_BYTES = 2 ** 21 - 4096;
