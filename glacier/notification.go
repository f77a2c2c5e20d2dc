package glacier

import "strings"

// The events that a vault's notifications can be about.
const (
	ArchiveRetrievalCompleted   = "ArchiveRetrievalCompleted"
	InventoryRetrievalCompleted = "InventoryRetrievalCompleted"
)

// Notifications is the reply of GetVaultNotifications and the request of
// SetVaultNotifications. A nil member was absent or null.
type Notifications struct {
	Events   []string
	SNSTopic *string
}

// TopicARN is the resource name of a topic.
func TopicARN(region string, account AccountID, name string) ARN {
	return ARN("arn:aws:sns:" + region + ":" + string(account) + ":" + name)
}

// CheckTopic refuses what is not the resource name of a topic in the region.
func CheckTopic(arn, region string) error {
	f := strings.Split(arn, ":")
	if len(f) != 6 || f[0] != "arn" || !strings.HasPrefix(f[1], "aws") || f[2] != "sns" || f[3] == "" ||
		!AccountID(f[4]).Valid() || !ValidTopicName(f[5]) {
		return Errorf(InvalidParameterValue, "Invalid SNS topic ARN: %s", arn)
	}
	if f[3] != region {
		return Errorf(InvalidParameterValue, "SNS topics must be in the local AWS region: %s", arn)
	}
	return nil
}

// ValidTopicName reports whether SNS would take the name: 1 to 256 letters,
// digits, hyphens and underscores, of which a FIFO topic's end is ".fifo".
func ValidTopicName(name string) bool {
	if len(name) > 256 {
		return false
	}
	name = strings.TrimSuffix(name, ".fifo")
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '-':
		default:
			return false
		}
	}
	return name != ""
}
