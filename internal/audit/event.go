package audit

import (
	"crypto/tls"
	"strings"
	"time"
)

// What every event of this log has in common. Version 1.08 of CloudTrail's records is the first with tlsDetails.
const (
	eventVersion  = "1.08"
	eventSource   = "glacier.amazonaws.com"
	eventType     = "AwsApiCall"
	apiVersion    = "2012-06-01"
	eventCategory = "Management"
)

// Event is one call, in CloudTrail's words and in the order in which it prints them ("CloudTrail record contents" in the CloudTrail
// User Guide, "Logging Amazon S3 Glacier API Calls with AWS CloudTrail" in the Glacier Developer Guide). A line of the log can be
// unmarshalled into it.
//
// A field said to be set by Append need not be given, and is overwritten in the line. Strings longer than 1 KiB are cut, names of
// parameters at 128 bytes, and of each map the first 32 names in their order are kept.
type Event struct {
	Version   string    `json:"eventVersion"` // set by Append
	Identity  Identity  `json:"userIdentity"`
	Time      time.Time `json:"eventTime"`   // when the call was answered; printed in UTC, to the second. The zero time means now
	Source    string    `json:"eventSource"` // the service; Glacier if empty
	Name      string    `json:"eventName"`   // the operation: "CreateVault"
	Region    string    `json:"awsRegion"`
	IP        string    `json:"sourceIPAddress"` // of the client, without port
	UserAgent string    `json:"userAgent"`

	ErrorCode    string `json:"errorCode,omitempty"` // both empty if the call succeeded; an attempt to sign in has no code
	ErrorMessage string `json:"errorMessage,omitempty"`

	// Request and Response are in camel case: "accountId", "vaultName", "location". Nil is printed as null. CloudTrail gives a
	// response only for calls that change something. Append reads the maps until it returns, and does not keep them.
	Request  map[string]string `json:"requestParameters"`
	Response map[string]string `json:"responseElements"`

	Additional map[string]string `json:"additionalEventData,omitempty"` // what belongs to neither
	RequestID  string            `json:"requestID"`                     // the x-amzn-RequestId of the reply
	ID         string            `json:"eventID"`                       // set by Append: a random UUID
	ReadOnly   bool              `json:"readOnly"`                      // whether the operation changes nothing
	Type       string            `json:"eventType"`                     // set by Append
	APIVersion string            `json:"apiVersion"`                    // of the service; Glacier's if empty
	Management bool              `json:"managementEvent"`               // set by Append
	Account    string            `json:"recipientAccountId"`            // whose vaults were called upon
	Category   string            `json:"eventCategory"`                 // set by Append
	TLS        *TLS              `json:"tlsDetails,omitempty"`          // nil if the call came in the clear
}

// Failed reports whether the call was refused or failed.
func (e *Event) Failed() bool { return e.ErrorCode != "" || e.ErrorMessage != "" }

// Kinds of [Identity].
const (
	Root       = "Root"       // the account itself
	IAMUser    = "IAMUser"    // a user of the account
	AWSAccount = "AWSAccount" // another account
	Unknown    = "Unknown"    // nobody: the signature was not believed, or there was none
)

// Identity says who called. Of a caller who was not believed it says what he claimed, with the type [Unknown].
type Identity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId,omitempty"`
	ARN         string `json:"arn,omitempty"`
	AccountID   string `json:"accountId,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	UserName    string `json:"userName,omitempty"`
}

// TLS says how the connection was protected.
type TLS struct {
	Version     string `json:"tlsVersion"`  // "TLSv1.3"
	CipherSuite string `json:"cipherSuite"` // "TLS_AES_128_GCM_SHA256"
	Host        string `json:"clientProvidedHostHeader,omitempty"`
}

// TLSOf describes a connection, nil if it is in the clear. host is the name
// that the client called the server by.
func TLSOf(c *tls.ConnectionState, host string) *TLS {
	if c == nil {
		return nil
	}
	return &TLS{
		Version:     strings.Replace(tls.VersionName(c.Version), "TLS ", "TLSv", 1),
		CipherSuite: tls.CipherSuiteName(c.CipherSuite),
		Host:        host,
	}
}
