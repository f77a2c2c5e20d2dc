package disk

import "fmt"

// Kind is the kind of an operation, named as a trace prints it.
type Kind string

// The operations of [FS] and [File]. Closing is none: it decides nothing.
const (
	OpCreate   Kind = "create"
	OpOpen     Kind = "open" // Open and OpenWrite
	OpRemove   Kind = "remove"
	OpRename   Kind = "rename"
	OpMkdir    Kind = "mkdir"
	OpReadDir  Kind = "readdir"
	OpSyncDir  Kind = "syncdir"
	OpFree     Kind = "free"
	OpLock     Kind = "lock"
	OpRead     Kind = "read"
	OpWrite    Kind = "write"
	OpSize     Kind = "size"
	OpTruncate Kind = "truncate"
	OpSync     Kind = "sync"
	OpAllocate Kind = "allocate"
	OpFlush    Kind = "flush"
)

// Changes returns the kinds that alter what a later start can find. A crash sweep need stop only after these: between two of
// them, all moments are alike.
func Changes() []Kind {
	return []Kind{OpCreate, OpRemove, OpRename, OpMkdir, OpSyncDir, OpLock, OpWrite, OpTruncate, OpSync, OpAllocate}
}

// Op is one operation, as a hook sees it before it happens.
type Op struct {
	Kind Kind
	Name string // of the file or directory
	New  string // OpRename: the new name
	Off  int64  // OpRead, OpWrite, OpAllocate, OpFlush: where; OpTruncate: the new size
	Len  int    // OpRead, OpWrite, OpAllocate, OpFlush: how many bytes
}

// String returns, for example, "write STORE.tmp 0+84".
func (op Op) String() string {
	switch op.Kind {
	case OpRead, OpWrite, OpAllocate, OpFlush:
		return fmt.Sprintf("%s %s %d+%d", op.Kind, op.Name, op.Off, op.Len)
	case OpTruncate:
		return fmt.Sprintf("%s %s %d", op.Kind, op.Name, op.Off)
	case OpRename:
		return fmt.Sprintf("%s %s %s", op.Kind, op.Name, op.New)
	}
	return fmt.Sprintf("%s %s", op.Kind, op.Name)
}
