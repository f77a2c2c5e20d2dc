// Package transfer moves the bytes of archives: from the user's files into a vault, and from jobs' outputs into the user's
// files.
//
// It promises that every byte is verified both ways: an archive is what was read, by the tree hash that the server has
// computed, and a file is what the archive is, by the tree hash of each chunk as it comes and by that of the whole at the
// end. It promises that nothing which the server has, or which is on the disk, is moved again after a crash: what is
// unfinished is known to the catalogue, and what is there is hashed and compared before it is believed. Memory does not grow
// with archives.
//
// An [Uploader] stores what can be read twice, and streams. A [Downloader] writes a job's output to a file or in order to a
// writer, or reads it here and there. [Slots] bound how much of all that happens at a time.
//
// It knows no names and makes no plans: which archive, which job, and what is in it is its callers'.
package transfer
