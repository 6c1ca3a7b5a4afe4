"""The words of questions about tables, as data: phrase → what it stands for.

A meaning is written ``kind`` or ``kind:value`` or ``kind:value:attribute``. To teach the analyst a synonym, add it to
a line here. Phrases are in lower case and singular; the longest match wins. What means nothing stands in ``stops``.
"""

from __future__ import annotations

from aether_nb.models.analyst.stops import STOP_PHRASES, STOP_WORDS

__all__ = ["PHRASES"]

_GROUPS: dict[str, str] = {
    # ---- aggregates
    "agg:mean": "average|mean|averaged|on average|arithmetic mean|mean value|average value|mean of|expected value",
    "agg:typical": "typical|typically|usual|usually",
    "agg:median": "median|middle value|median value|50th percentile",
    "agg:sum": "sum|total|sum up|summed|combined|overall sum|overall total|grand total|cumulated|total amount|add up",
    "agg:std": (
        "standard deviations|standard deviation|std|stdev|std dev|sd|spread|variability|dispersion|variation|deviation"
    ),
    "agg:var": "variance",
    "agg:range": "range|value range",
    "agg:iqr": "interquartile range|iqr of|inter quartile range",
    "agg:quartiles": "quartile|quantile",
    "agg:q1": "first quartile|lower quartile|1st quartile|25th percentile",
    "agg:q3": "third quartile|upper quartile|3rd quartile|75th percentile",
    "agg:mode": (
        "mode|modal|most common|most frequent|most frequently|most often|commonest|most commonly|most popular|"
        "most represented|most numerous|dominant"
    ),
    "agg:rare": "least common|least frequent|rarest|least often|least popular|least represented",
    "percentile": "percentile",
    # ---- superlatives; the third part is the attribute they speak of
    "top:max": (
        "highest|largest|biggest|greatest|maximum|max|most|top|best|peak|maximal|strongest value|high|upper|"
        "leading|largest value|record"
    ),
    "top:min": "lowest|smallest|least|minimum|min|fewest|bottom|minimal|worst|low|poorest",
    "top:max:mass": "heaviest",
    "top:min:mass": "lightest",
    "top:max:length": "longest",
    "top:min:length": "shortest",
    "top:max:height": "tallest",
    "top:max:depth": "deepest",
    "top:min:depth": "shallowest",
    "top:max:width": "widest|broadest",
    "top:min:width": "narrowest",
    "top:max:age": "oldest|eldest",
    "top:min:age": "youngest",
    "top:max:temp": "hottest|warmest",
    "top:min:temp": "coldest|coolest",
    "top:max:price": "most expensive|priciest|costliest|dearest",
    "top:min:price": "cheapest|least expensive",
    "top:max:speed": "fastest|quickest",
    "top:min:speed": "slowest",
    "top:max:wind": "windiest",
    "top:max:precipitation": "wettest|rainiest",
    "top:min:precipitation": "driest",
    "top:max:population": "most populous|most populated",
    "top:min:population": "least populous|least populated",
    "top:max:power": "most powerful",
    "top:min:power": "least powerful",
    "top:max:date": "latest|newest|most recent",
    "top:min:date": "earliest",
    "top:max:latitude": "northernmost|most northern|most northerly",
    "top:min:latitude": "southernmost|most southern|most southerly",
    "top:max:longitude": "easternmost|most eastern|most easterly",
    "top:min:longitude": "westernmost|most western|most westerly",
    "top:max:income": "richest|wealthiest",
    # ---- comparatives and operators
    "op:gt": (
        "more than|greater than|larger than|bigger than|higher than|above|over|exceeding|exceed|in excess of|"
        "upward of|beyond|strictly more than|strictly above|better than"
    ),
    "op:ge": (
        "at least|no less than|not less than|greater than or equal to|more than or equal to|not below|not under|"
        "or more|or above|or higher|or greater|or over|from at least|no fewer than"
    ),
    "op:lt": (
        "less than|smaller than|lower than|below|under|fewer than|beneath|strictly below|strictly less than|worse than"
    ),
    "op:le": (
        "at most|no more than|not more than|less than or equal to|not above|not over|up to|or less|or below|"
        "or fewer|or lower|or under|not exceeding"
    ),
    "op:eq": "equal to|equal|exactly|same as",
    "op:ne": "not equal to|not equal|different from|unequal to",
    "op:between": "ranging from",
    "op:gt:mass": "heavier than",
    "op:lt:mass": "lighter than",
    "op:gt:length": "longer than",
    "op:lt:length": "shorter than",
    "op:gt:height": "taller than",
    "op:gt:depth": "deeper than",
    "op:lt:depth": "shallower than",
    "op:gt:width": "wider than|broader than",
    "op:lt:width": "narrower than",
    "op:gt:age": "older than",
    "op:lt:age": "younger than",
    "op:gt:temp": "hotter than|warmer than",
    "op:lt:temp": "colder than|cooler than",
    "op:gt:price": "more expensive than",
    "op:lt:price": "cheaper than|less expensive than",
    "op:gt:wind": "windier than",
    "op:gt:precipitation": "wetter than|rainier than",
    "op:lt:precipitation": "drier than",
    "op:gt:speed": "faster than",
    "op:lt:speed": "slower than",
    "op:gt:power": "more powerful than",
    "op:lt:power": "less powerful than",
    "op:gt:income": "richer than",
    "op:lt:income": "poorer than",
    "op:contains": "containing|contain|including the text|include the text",
    "op:starts": "starting with|start with|beginning with|begin with|begins with|starts with",
    "op:ends": "ending with|end with|ending in|end in",
    "op:after": "after|later than",
    "op:since": "since|starting in|starting from",
    "op:before": "before|prior to|earlier than",
    "op:until": "until|till|through",
    # ---- counting
    "count": (
        "how many|total number of|overall number of|total count of|total number|the number|number of|count|"
        "count of|how often|frequency|tally|headcount|number|how frequent|how frequently|occurrence|counting"
    ),
    "share": (
        "share|percentage|proportion|fraction|what part|rate|percentage of|as a percentage|%|relative frequency|"
        "in percentage"
    ),
    "ratio": "ratio",
    "distinct": "unique|distinct|different",
    "values": (
        "value count|category|level|possible value|unique value|distinct value|different value|value occur|"
        "distinct category"
    ),
    "list": "name|list|enumerate",
    # ---- structure of a sentence
    "by": (
        "vary with|by|per|for each|for every|in each|in every|of each|of every|on each|on every|at each|from each|"
        "each|every|"
        "across|grouped by|group by|grouping by|broken down by|broken out by|split by|according to|by each|"
        "within each|among|amongst|depending on|for the different|across the different|for all|across all|"
        "separately for|separated by|as a function of|depend on|grouped per|versus each|with each|across each|"
        "by the different|for the various|over all|within"
    ),
    "between": "between|from between",
    "which": "which|what|who|whose|which of the|what of the|where|when",
    "rel": "that|having|whose value",
    "and": "and|as well as|along with|plus|together with|&",
    "or": "or",
    "not": (
        "not|no|except|excluding|other than|apart from|non|besides|except for|without|never|neither|leaving out|"
        "ignoring"
    ),
    "to": "to",
    "from": "from",
    "in": "in|on|during|at|for|of|within the year|within year",
    "with": "with",
    "verb": (
        "is|are|was|were|be|been|have|has|had|having|live|lived|paid|pay|built|produced|manufactured|released|sold|"
        "collected|happen|happened|travelled|travelling|traveling|traveled|boarded|embark|cover|covered|do|doe|did|"
        "does|come|came|made|being|belong|occur|has got|have got|get|fall|fell|make"
    ),
    "versus": "versus|vs|against|compared to|compared with|relative to|than",
    "ref": (
        "it|them|this|result|this result|that result|these|those|summary table|resulting table|table|summary|"
        "answer|output|outcome|resulting summary|result table|aggregated table|result as csv|these number|"
        "number as csv|this summary|it all|figures"
    ),
    "sort": (
        "going by|judging by|by way of|as judged by|ordered according to|sorted by|sort by|ordered by|order by|"
        "ranked by|rank by|in term of|based on|with respect to|"
        "when ranked by|measured by|as measured by|judged by|with regard to|regarding|terms of"
    ),
    "ascending": (
        "lowest first|smallest first|from smallest to largest|ascending|in ascending order|increasing order|"
        "from low to high"
    ),
    "rank": "rank|ranking|sort|arrange",
    "descending": (
        "highest first|largest first|biggest first|most first|from largest to smallest|in decreasing order|"
        "sorted|ordered|in order|sorted descending|sort descending|descending|in descending order|decreasing order|"
        "from high to low|from highest to lowest|from most to least"
    ),
    "all": (
        "everything else|everything|all the rest|the rest|each other column|every other column|"
        "in each column|of each column|per column|for each column|by column|in every column|for every column|"
        "each column|for all column|in all column|across all column|all numeric column|all numerical column|"
        "all column|every column|numeric column|numerical column|all the column|all variable|each numeric column|"
        "every numeric column|all other column|all other numeric column|other numeric column|other column|"
        "all the other column|all other variable|other variable|all other feature|other feature|each variable|"
        "each feature|all feature|all measurement|all numeric variable|each measurement|all numeric feature|"
        "every feature|every variable|all number|each numeric feature|each numeric variable"
    ),
    # ---- tasks
    "task:profile": (
        "five number summary|5 number summary|profile|overview|describe|description|summarize|tell me about|"
        "explore|quick look|give me a feel for|"
        "exploratory analysis|look at|get to know|summary of|summary statistic|descriptive statistic|"
        "basic statistic|key statistic|statistic|general picture|first impression|what is in|what doe contain|"
        "about|eda|summary statistic of|introduce|statistical summary|brief summary|short summary|main statistic|"
        "sum up the|contents|content|what do i have"
    ),
    "task:shape": "shape|dimension|how big|how large|how long|size",
    "task:types": "type|dtype|data type|datatype|column type|schema|structure|kind of data|data typ|kind of column",
    "task:missing": (
        "missing|missing value|missing data|null|nan|na|null value|nan value|na value|empty|empty value|incomplete|"
        "gap|unknown|blank|blank value|empty cell|missing entry|unknown value|missing cell|missing observation|"
        "not available|missingness"
    ),
    "task:complete": (
        "complete|fully complete|without missing value|without any missing value|with no missing value|"
        "no missing value|without gap|without missing data|with complete data|without any missing data|"
        "fully populated|non missing value in all column|have no missing value"
    ),
    "task:duplicates": (
        "duplicate|duplicated|duplicate row|duplicated row|repeated row|identical row|duplicate record|duplicate entry"
    ),
    "task:head": (
        "first few|head|preview|first row|a few row|some row|sample row|first few row|top row|first line|"
        "example row|glimpse"
    ),
    "task:tail": "tail|last few|last few row|last row|final row|last line",
    "last": "last|final",
    "pair": "pair|pairs of column",
    "total": "in total|all told|all together|altogether|added up|summed up|taken together",
    "axis:x": "x|x axis|horizontal axis",
    "axis:y": "y|y axis|vertical axis",
    "task:corr": (
        "corr|corrcoef|correlation value|coefficient|r value|pearson r|r|correlation number|"
        "coefficient of correlation|correlation|correlated|correlate|relationship|related|association|associated|"
        "relate|"
        "correlation coefficient|pearson correlation|linear relationship|linked|go together|pearson|move together|"
        "associate|correlating|correlation between|linear correlation|connection"
    ),
    "task:matrix": (
        "correlation matrix|corr matrix|matrix of correlation|pairwise correlation|correlation table|all correlation"
    ),
    "task:trend": (
        "going up or down|go up or down|going up|going down|rising or falling|rise or fall|up or down|"
        "increase or decrease|rising|falling|growing|increasing|decreasing|rise|decline|declining|increase|"
        "increased|decrease|"
        "decreased|resample|resampled|downsample|trend|over time|evolve|evolved|evolution|develop|developed|"
        "development|over the year|over the month|"
        "time series|through time|history|with time|changed|change|across the year|trend of|progress|"
        "year over year|trajectory|across time|through the year|over the week|over the day|by time"
    ),
    "task:skew": "skew|skewness|skewed|asymmetric|asymmetry|symmetric",
    "task:distribution": "distribution|distributed|frequency distribution|how spread|spread out|distribute",
    "task:outlier": (
        "outlier|outlying value|anomaly|anomalous value|extreme value|outlying|unusual value|abnormal value|"
        "outlier value"
    ),
    "task:compare": (
        "statistical test|hypothesis test|welch|test|tested|t test whether|significance|one way anova|"
        "kruskal wallis|statistically|statistical significance|compared|difference in mean|differ|difference|"
        "compare|comparison|different between|significant|significantly|significant difference|"
        "statistically significant|differ significantly|significantly different|statistically different|comparing|"
        "mean difference|statistically significant difference|differ most|differ the most|test whether|test if|"
        "contrast|t test|anova|differ between|difference between"
    ),
    "task:chi": (
        "independent|dependent|dependence|independence|chi square|chi squared|chi2|chi square test|"
        "chi squared test|chi2 test|test of independence|independence test|associated with each other|"
        "contingency test|chi square test of independence|chi squared test of independence|test for independence"
    ),
    "task:cross": (
        "cross table|cross tabulation|crosstab|cross tab|contingency table|two way table|cross tabulate|"
        "crosstabulate|frequency table of"
    ),
    "task:vary": "vary|varie|varies|volatile|variable|fluctuate|varied|spread out most",
    "method:iqr": (
        "iqr|iqr rule|iqr method|using iqr|tukey|interquartile range rule|interquartile rule|1.5 iqr|"
        "interquartile method|iqr criterion|fence|tukey rule|tukey fence"
    ),
    "method:zscore": "z score|zscore|z scores|z score method|z value|standard score|z",
    "method:spearman": "spearman|rank correlation|spearman correlation|spearman rank correlation",
    "strength": (
        "strong|strongest|strongly|closely|closest|most strongly|tightly|most closely|strongest positive|"
        "best correlated"
    ),
    "weakest": "weakest|least strongly|weakly",
    "positive": "positive|positively",
    "negative": "negative|negatively|inverse|inversely",
    # ---- time
    "freq:D": "from day to day|day to day|daily|day by day|day",
    "freq:W": "weekly|week by week|week",
    "freq:M": "from month to month|month to month|month over month|monthly|month by month|month",
    "freq:Q": "quarterly|quarter by quarter|quarter",
    "freq:Y": (
        "from year to year|year to year|year on year|from one year to the next|yearly|annual|annually|"
        "year by year|year|calendar year|yoy"
    ),
    "freq:decade": "decade",
    "freq:h": "hourly|hour",
    "part:month": "month of the year|calendar month|month of year",
    "part:weekday": "day of the week|weekday|day of week",
    "part:hour": "hour of the day|hour of day|time of day",
    "period": (
        "first and last date|first and last day|start and end date|starting and ending date|start and end|"
        "begin and end|first to last date|earliest and latest date|beginning and end|date range|time range|period|"
        "time period|time span|timespan|period of time|time frame"
    ),
    # ---- pictures and files
    "plot:any": (
        "plot|chart|graph|draw|visualize|picture|visualization|diagram|figure|illustrate|plotted|graphic|visual|"
        "visually"
    ),
    "plot:hist": "histogram|hist|histogram of",
    "plot:bar": (
        "horizontal bar|vertical bar|barh|horizontal bar plot|bar diagram|column graph|bars of|bar chart|bar plot|"
        "barplot|bar graph|bar|barchart|column chart|bar diagram|horizontal bar chart"
    ),
    "plot:line": (
        "as a line|as line|line graph of|line chart|line plot|line graph|line|time series plot|linechart|lineplot"
    ),
    "plot:scatter": "scatter|scatter plot|scatterplot|scatter chart|scattergram|scatter diagram|scatter graph",
    "plot:box": "box plot|boxplot|box|box and whisker plot|box chart|box and whisker|whisker plot|box and whiskers",
    "plot:heat": (
        "heat map|heatmap|correlation heatmap|correlation heat map|heat map of the correlation|"
        "heatmap of the correlation|heatmap of correlation|heat map of correlation|heatmap of all correlation|"
        "heatmap of the correlation matrix|heatmap of correlation matrix|correlation plot|"
        "heat map of the correlation matrix"
    ),
    "color": "colored by|color by|color|colored per|hue by|with color by|colored according to|using color for",
    "write": "write|save|export|store|dump|saved|written|exported|written out|write out|download",
    # ---- rows and columns
    "row": (
        "row|record|observation|entry|data point|datapoint|sample|line|instance|example|item|case|row of data|"
        "measurement row|total row|rows of data|data row|subject|individual|specimen|member|datum"
    ),
    "cols": (
        "column|variable|feature|field|attribute|column name|variable name|name of the column|feature name|"
        "names of the column|name of column|names of column|field name"
    ),
    "data": "data|dataset|data set|dataframe|data frame|frame|this data|table of data|csv",
    "numericword": "numeric|numerical|quantitative|continuous",
    "textword": "categorical|text|textual|string|non numeric|qualitative|nominal",
    "valueword": "value|amount|figure|measurement|reading|level of|score|quantity",
    "adj:mass": "heavy|weigh",
    "adj:age": "old|aged",
    "adj:length": "long",
    "adj:height": "tall",
    "adj:depth": "deep",
    "adj:width": "wide",
    "adj:temp": "hot|warm|cold",
    "adj:price": "expensive|cheap|costly",
    "adj:wind": "windy",
    "adj:speed": "fast|slow",
    "more::mass": "heavier|lighter",
    "more::length": "longer|shorter",
    "more::height": "taller",
    "more::age": "older|younger",
    "more::temp": "warmer|hotter|colder|cooler",
    "more::price": "more expensive|cheaper",
    "more::depth": "deeper",
    "more::width": "wider|narrower",
    "more::wind": "windier",
    "more::precipitation": "wetter|rainier|drier",
    "more::speed": "faster|slower",
    "more::power": "more powerful|less powerful",
    "more::income": "richer|poorer",
    "more": "higher|lower|larger|smaller|bigger|greater",
    "negflag:survived": "died|perished|deceased|die",
    "howmuch": "by how much|how far|how much",
}

PHRASES: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): meaning for meaning, phrases in _GROUPS.items() for phrase in phrases.split("|")
}
"""Every phrase, as words, with its meaning; ``stop`` means nothing."""

PHRASES |= {(word,): "stop" for word in STOP_WORDS.split() if (word,) not in PHRASES}
PHRASES |= {tuple(phrase.split()): "stop" for phrase in STOP_PHRASES.split("|")}
