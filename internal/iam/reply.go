package iam

import (
	"time"

	"firn/internal/awsapi"
)

// Members is a list as the API writes it.
type Members[T any] = awsapi.Members[T]

// Truncation says whether a list goes on, and with which marker.
type Truncation struct {
	IsTruncated bool
	Marker      string `xml:",omitempty" json:",omitempty"`
}

// when is a time as the API writes it, to the second.
func when(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// named are the names that a reply has given out for what was made.
func named(result any) map[string]string {
	switch r := result.(type) {
	case CreateUserResult:
		return map[string]string{"userName": r.User.UserName, "userId": r.User.UserID, "arn": r.User.ARN}
	case CreateAccessKeyResult:
		return map[string]string{"userName": r.AccessKey.UserName, "accessKeyId": r.AccessKey.AccessKeyID, "status": r.AccessKey.Status}
	case CreateAccountResult:
		return map[string]string{"accountId": r.Account.AccountID, "accessKeyId": r.AccessKey.AccessKeyID}
	}
	return nil
}
