// Package files is the user's own files, as the client sees them: what is read of them for a vault, and what is written of a
// vault's content.
//
// [Walk] lists files in the order of their names, in memory for one folder, and tells of everything that it leaves out.
// [Open] reads one, and notices if it is changed meanwhile. [Place] puts one down where it belongs and nowhere else: no name
// leads out of the folder, no symbolic link inside the folder is followed, a file is there either whole or not at all, and
// what is there already stays unless the caller says otherwise. A [Spool] keeps what must lie somewhere in between.
//
// Names are relative and have slashes, on every system. The package knows no vaults.
package files
