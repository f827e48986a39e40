package httpapi

import "time"

// Context is what is known of an application beyond flaws. Absent or
// "unknown" means unknown, not harmless.
type Context struct {
	Criticality string   `json:"criticality" enum:"critical,high,medium,low,unknown" default:"unknown"`
	DataClasses []string `json:"data_classes" doc:"pci, phi, pii, credentials, confidential, internal, public"`
	Exposure    string   `json:"exposure" enum:"internet,partner,internal,unknown" default:"unknown"`
	Environment string   `json:"environment" enum:"production,staging,development,sandbox,unknown" default:"unknown"`
}

// Application is an application with its figures.
type Application struct {
	Key         string          `json:"key"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Unit        string          `json:"unit,omitempty" doc:"business unit"`
	Owner       string          `json:"owner,omitempty" doc:"team"`
	Context     Context         `json:"context"`
	Assets      int             `json:"assets"`
	Unscanned   int             `json:"unscanned" doc:"assets that no scan ever reached"`
	Stale       int             `json:"stale" doc:"assets whose last scan is old"`
	Open        []SeverityCount `json:"open"`
	Urgent      int64           `json:"urgent" doc:"open findings of the highest priority"`
	MaxScore    float64         `json:"max_score"`
	LastScan    *time.Time      `json:"last_scan,omitempty" doc:"absent: never scanned"`
	Created     time.Time       `json:"created"`
}

// ApplicationList is all applications.
type ApplicationList struct {
	Items      []Application `json:"items"`
	NextCursor string        `json:"next_cursor,omitempty"`
}

// ApplicationEdit makes or changes an application.
type ApplicationEdit struct {
	Name        string  `json:"name" minLength:"1" maxLength:"100"`
	Description string  `json:"description,omitempty" maxLength:"4000"`
	Unit        string  `json:"unit,omitempty" maxLength:"100"`
	Owner       string  `json:"owner,omitempty" maxLength:"100"`
	Context     Context `json:"context"`
}

// AssetAssignment says to which application an asset belongs.
type AssetAssignment struct {
	Application string `json:"application" minLength:"1" maxLength:"200" doc:"name or key; made when new"`
}

// Asset is an asset with its figures.
type Asset struct {
	ID          string          `json:"id" format:"uuid"`
	Application string          `json:"application"`
	Kind        string          `json:"kind" enum:"repository,image,endpoint,cloud_resource,cluster,host"`
	Name        string          `json:"name"`
	DefaultRef  string          `json:"default_ref,omitempty"`
	Open        []SeverityCount `json:"open"`
	MaxScore    float64         `json:"max_score"`
	LastScan    *time.Time      `json:"last_scan,omitempty"`
	Scans       []Series        `json:"scans"`
}

// Series is a row of scans that replace each other.
type Series struct {
	Tool      string     `json:"tool"`
	Category  string     `json:"category,omitempty"`
	Ref       string     `json:"ref,omitempty"`
	Scans     int        `json:"scans"`
	Present   int64      `json:"present" doc:"findings the last full scan still reports"`
	FirstScan time.Time  `json:"first_scan"`
	LastScan  time.Time  `json:"last_scan"`
	LastFull  *time.Time `json:"last_full,omitempty"`
}

// ApplicationDetail is an application with its assets.
type ApplicationDetail struct {
	Application
	AssetList []Asset `json:"asset_list"`
}

// Overview is what matters now.
type Overview struct {
	Open         []SeverityCount `json:"open"`
	Priorities   []FacetValue    `json:"priorities"`
	Applications []Application   `json:"applications" doc:"worst first"`
	Total        int             `json:"total" doc:"number of applications"`
	Top          []Finding       `json:"top" doc:"the open findings with the highest risk"`
	NewWeek      int64           `json:"new_week"`
	ResolvedWeek int64           `json:"resolved_week"`
	Observations int64           `json:"observations" doc:"what the tools said, before joining"`
	Findings     int64           `json:"findings"`
	Unscanned    int             `json:"unscanned" doc:"assets that no scan ever reached"`
	Held         int             `json:"held" doc:"reports that wait for a confirmation"`
	Feeds        []Feed          `json:"feeds"`
}

// Feed is how fresh a feed is.
type Feed struct {
	Feed     string     `json:"feed"`
	Title    string     `json:"title"`
	Used     string     `json:"used" doc:"what it is for"`
	Missing  bool       `json:"missing" doc:"never imported: what depends on it is unknown"`
	AsOf     *time.Time `json:"as_of,omitempty"`
	Imported *time.Time `json:"imported,omitempty"`
	Rows     int64      `json:"rows"`
}

// FeedList is all feeds.
type FeedList struct {
	Items []Feed `json:"items"`
}

// FeedResult says what a feed import did.
type FeedResult struct {
	Feed     string    `json:"feed"`
	AsOf     time.Time `json:"as_of"`
	Rows     int64     `json:"rows"`
	Skipped  int64     `json:"skipped" doc:"rows that could not be read"`
	Rescored int64     `json:"rescored" doc:"findings whose score was computed anew"`
	Error    string    `json:"error,omitempty" doc:"why this feed could not be had; the old one stays"`
}
