// Package cli is the frame of the client's verbs: it finds the server, the
// region and the key as the AWS CLI does, hands a [Session] to what a verb
// does, and makes of its result what a person, a script or a terminal wants to
// see.
//
// It promises that what is printed for programs goes to standard output and
// everything else to standard error; that nothing but warnings and errors goes
// there unless a person looks on; that every failure ends in one of the exit
// codes that the help lists; and that no secret is printed. It knows no verb,
// and decides nothing about archives.
package cli
