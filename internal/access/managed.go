package access

import "strings"

// managedPrefix begins the ARN of a policy of Amazon's.
const managedPrefix = "arn:aws:iam::aws:policy/"

// managed are the policies of Amazon's that users can be given by name.
var managed = map[string]string{
	"AmazonGlacierFullAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glacier:*","Resource":"*"}]}`,
	"AmazonGlacierReadOnlyAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` +
		`"glacier:DescribeJob","glacier:DescribeVault","glacier:GetDataRetrievalPolicy","glacier:GetJobOutput",` +
		`"glacier:GetVaultAccessPolicy","glacier:GetVaultLock","glacier:GetVaultNotifications","glacier:ListJobs",` +
		`"glacier:ListMultipartUploads","glacier:ListParts","glacier:ListProvisionedCapacity","glacier:ListTagsForVault",` +
		`"glacier:ListVaults"],"Resource":"*"}]}`,
	"AdministratorAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"IAMFullAccess":       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`,
	"IAMReadOnlyAccess":   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"}]}`,
}

// ManagedARN is the ARN of a managed policy.
func ManagedARN(name string) string { return managedPrefix + name }

// managedName returns the name in the name or ARN of a managed policy.
func managedName(nameOrARN string) (string, error) {
	name := strings.TrimPrefix(nameOrARN, managedPrefix)
	if _, ok := managed[name]; !ok {
		return "", refuse(NoSuchEntity, "Policy %s does not exist or is not attachable.", nameOrARN)
	}
	return name, nil
}
