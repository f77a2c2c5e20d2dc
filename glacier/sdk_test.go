package glacier_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"

	"firn/glacier"
)

// The documents have the members that the SDK knows, of the same kinds. What
// differs is listed, with the reason.
func TestDocumentsAgainstTheSDK(t *testing.T) {
	for _, test := range []struct {
		name string
		ours any
		sdk  any
		// lacks are the SDK's members that the document does not have.
		lacks []string
		// kinds are members whose JSON is of another kind than the SDK's.
		kinds []string
	}{
		{name: "DescribeVault", ours: glacier.VaultDescription{}, sdk: sdk.DescribeVaultOutput{}},
		{name: "an element of ListVaults", ours: glacier.VaultDescription{}, sdk: types.DescribeVaultOutput{}},
		{name: "ListVaults", ours: glacier.VaultList{}, sdk: sdk.ListVaultsOutput{}},
		{name: "ListTagsForVault", ours: glacier.Tags{}, sdk: sdk.ListTagsForVaultOutput{}},
		{name: "AddTagsToVault", ours: glacier.Tags{}, sdk: sdk.AddTagsToVaultInput{}, lacks: inThePath},
		{name: "RemoveTagsFromVault", ours: glacier.TagKeys{}, sdk: sdk.RemoveTagsFromVaultInput{}, lacks: inThePath},
		{name: "ListMultipartUploads", ours: glacier.UploadList{}, sdk: sdk.ListMultipartUploadsOutput{}},
		{name: "an element of ListMultipartUploads", ours: glacier.UploadDescription{}, sdk: types.UploadListElement{}},
		{name: "ListParts", ours: glacier.PartList{}, sdk: sdk.ListPartsOutput{}},
		{name: "an element of ListParts", ours: glacier.Part{}, sdk: types.PartListElement{}},
		{name: "ListJobs", ours: glacier.JobList{}, sdk: sdk.ListJobsOutput{}},
		{name: "DescribeJob", ours: glacier.JobDescription{}, sdk: sdk.DescribeJobOutput{}, kinds: ofSelect},
		{name: "an element of ListJobs", ours: glacier.JobDescription{}, sdk: types.GlacierJobDescription{}, kinds: ofSelect},
		{name: "parameters of an inventory job", ours: glacier.InventoryDescription{}, sdk: types.InventoryRetrievalJobDescription{}},
		{name: "GetVaultNotifications", ours: glacier.Notifications{}, sdk: types.VaultNotificationConfig{}},
		{name: "GetVaultAccessPolicy", ours: glacier.VaultPolicy{}, sdk: types.VaultAccessPolicy{}},
		{name: "InitiateVaultLock", ours: glacier.VaultPolicy{}, sdk: types.VaultLockPolicy{}},
		{name: "GetVaultLock", ours: glacier.VaultLock{}, sdk: sdk.GetVaultLockOutput{}},
		{name: "GetDataRetrievalPolicy", ours: glacier.DataRetrieval{}, sdk: sdk.GetDataRetrievalPolicyOutput{}},
		{name: "rules of a retrieval policy", ours: glacier.RetrievalRules{}, sdk: types.DataRetrievalPolicy{}},
		{name: "a rule of a retrieval policy", ours: glacier.RetrievalRule{}, sdk: types.DataRetrievalRule{}},
		{name: "ListProvisionedCapacity", ours: glacier.CapacityList{}, sdk: sdk.ListProvisionedCapacityOutput{}},
		{name: "a capacity unit", ours: glacier.Capacity{}, sdk: types.ProvisionedCapacityDescription{}},
		// What InitiateJob takes is kept raw where a number is as good as a
		// string, and where it is shown as it came.
		{name: "InitiateJob", ours: glacier.JobParameters{}, sdk: types.JobParameters{}, kinds: ofSelect},
		{name: "SelectParameters", ours: glacier.SelectParameters{}, sdk: types.SelectParameters{}},
		{name: "InputSerialization.csv", ours: glacier.CSVInput{}, sdk: types.CSVInput{}},
		{name: "OutputSerialization.csv", ours: glacier.CSVOutput{}, sdk: types.CSVOutput{}},
		{name: "OutputLocation", ours: glacier.OutputLocation{}, sdk: types.OutputLocation{}},
		{name: "OutputLocation.S3", ours: glacier.S3Location{}, sdk: types.S3Location{}},
		{name: "Encryption", ours: glacier.Encryption{}, sdk: types.Encryption{}},
		{name: "an element of AccessControlList", ours: glacier.Grant{}, sdk: types.Grant{}},
		{name: "Grantee", ours: glacier.Grantee{}, sdk: types.Grantee{}},
		{name: "parameters of InitiateJob", ours: glacier.InventoryParameters{}, sdk: types.InventoryRetrievalJobInput{}, kinds: []string{"Limit"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ours, theirs := members(reflect.TypeOf(test.ours)), members(reflect.TypeOf(test.sdk))
			for name, kind := range ours {
				want, known := theirs[name]
				switch {
				case !known:
					t.Errorf("the SDK knows no %s", name)
				case slices.Contains(test.kinds, name):
					if kind == want {
						t.Errorf("%s is listed as different, and is %s in both", name, kind)
					}
				case kind != want:
					t.Errorf("%s is %s, and %s in the SDK", name, kind, want)
				}
			}
			for name := range theirs {
				_, has := ours[name]
				if lacks := slices.Contains(test.lacks, name); has == lacks {
					t.Errorf("%s: in the document: %v, listed as lacking: %v", name, has, lacks)
				}
			}
		})
	}
}

var (
	// ofSelect are objects that are kept and shown as they came.
	ofSelect = []string{"OutputLocation", "SelectParameters"}
	// inThePath is what the SDK has in its requests and the wire in the path.
	inThePath = []string{"AccountId", "VaultName"}
)

// members are the names in JSON of a struct's fields, and of which kind the
// values are.
func members(of reflect.Type) map[string]string {
	m := map[string]string{}
	for i := range of.NumField() {
		f := of.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		name := f.Name
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
			name = tag
		}
		m[name] = kindOf(f.Type)
	}
	return m
}

func kindOf(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Pointer:
		return kindOf(of.Elem())
	case reflect.String:
		return "a string"
	case reflect.Int32, reflect.Int64:
		return "a number"
	case reflect.Bool:
		return "a truth value"
	case reflect.Map:
		return "an object of " + kindOf(of.Elem())
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return "raw"
		}
		return "an array of " + kindOf(of.Elem())
	case reflect.Struct:
		if of == reflect.TypeFor[glacier.Time]() {
			return "a string"
		}
		return "an object"
	}
	return of.String()
}

// absent are members that a job of another type than select does not have, not
// even as null.
var absent = []string{"JobOutputPath", "OutputLocation", "SelectParameters"}

// Glacier sorts the keys of what it writes, so the fields stand in that order.
func TestMembersAreSorted(t *testing.T) {
	for _, doc := range []any{
		glacier.VaultDescription{}, glacier.VaultList{}, glacier.Tags{}, glacier.UploadDescription{}, glacier.UploadList{},
		glacier.PartList{}, glacier.Part{}, glacier.JobDescription{}, glacier.InventoryDescription{}, glacier.JobList{},
		glacier.VaultPolicy{}, glacier.VaultLock{}, glacier.DataRetrieval{}, glacier.RetrievalRules{}, glacier.RetrievalRule{},
		glacier.CapacityList{}, glacier.Capacity{}, glacier.Notifications{},
	} {
		of := reflect.TypeOf(doc)
		var names []string
		for i := range of.NumField() {
			f := of.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if options != "" && !slices.Contains(absent, f.Name) {
				t.Errorf("%s.%s has the option %s: absent values are null", of.Name(), f.Name, options)
			}
			if name == "" {
				name = f.Name
			}
			names = append(names, name)
		}
		if !slices.IsSorted(names) {
			t.Errorf("members of %s: %v", of.Name(), names)
		}
	}
}

// The errors that the SDK has types for have the same names here.
func TestCodesAgainstTheSDK(t *testing.T) {
	for _, e := range []interface{ ErrorCode() string }{
		&types.InsufficientCapacityException{}, &types.InvalidParameterValueException{}, &types.LimitExceededException{},
		&types.MissingParameterValueException{}, &types.PolicyEnforcedException{}, &types.RequestTimeoutException{},
		&types.ResourceNotFoundException{}, &types.ServiceUnavailableException{},
	} {
		switch code := glacier.Code(e.ErrorCode()); code {
		case glacier.InsufficientCapacity, glacier.InvalidParameterValue, glacier.LimitExceeded,
			glacier.MissingParameterValue, glacier.PolicyEnforced, glacier.RequestTimeout,
			glacier.ResourceNotFound, glacier.ServiceUnavailable:
		default:
			t.Errorf("no code is %s", code)
		}
	}
}
