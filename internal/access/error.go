package access

import "fmt"

// A Refusal is why something about accounts, users or keys was not done, in
// the words of Amazon's IAM.
type Refusal struct {
	Code    RefusalCode
	Message string
}

// Error returns the message: those who read it on a terminal need no code.
func (r *Refusal) Error() string { return r.Message }

// A RefusalCode names a kind of refusal. The name is what clients switch on.
type RefusalCode string

// The codes.
const (
	NoSuchEntity    RefusalCode = "NoSuchEntity"
	AlreadyExists   RefusalCode = "EntityAlreadyExists"
	DeleteConflict  RefusalCode = "DeleteConflict"
	LimitExceeded   RefusalCode = "LimitExceeded"
	MalformedPolicy RefusalCode = "MalformedPolicyDocument"
	InvalidInput    RefusalCode = "ValidationError"
)

func refuse(code RefusalCode, format string, args ...any) *Refusal {
	return &Refusal{code, fmt.Sprintf(format, args...)}
}
