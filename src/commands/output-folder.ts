// What comes in: the folder that an option names for output. What goes out: that folder is there, with all that was missing above it.
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { makeFolder } from '../base/make-folder.js';

/** @param option as the hint shows it: `-o DIR`. @throws FleetTapError kind `input` */
export async function makeOutputFolder(folder: string, option: string): Promise<void> {
  await makeFolder(folder).catch((error: unknown) => {
    throw new FleetTapError('input', 'output-unwritable', `the folder ${folder} cannot be made: ${fileReason(error, 'the system takes none there')}`, { hint: `name another one: ${option}` });
  });
}
