"""Words and phrases that mean nothing in a question about a table, such as politeness and ``in the data``.

Data only, as in ``lexicon``; this module knows nobody.
"""

from __future__ import annotations

__all__ = ["STOP_PHRASES", "STOP_WORDS"]

STOP_WORDS = (
    "the a an there me my please show give can you could would like i want to know find out compute calculate "
    "determine tell get print display return need let we so also just then now here question look up how what is "
    "it that any some its their whole entire overall actually really exactly be hello hi thank "
    "thanks kindly report provide create generate make produce using based together use run perform do doe value "
    "if whether us respective respectively given within this these those such only currently recorded present "
    "exist all various different measured observed contained included appear available found seen represented "
    "across listed been they of as well very much too single individual particular specific certain "
    "corresponding own per se into onto quickly ever many point ones one taken full set simple nice short quick "
    "detailed brief bit little good idea ok okay hey"
)

STOP_PHRASES = (
    "in all|in the data|in the dataset|in this dataset|in the data set|in the table|in this data|"
    "in the frame|in the dataframe|in my data|of data|on record|at all|i would like to know|i want to know|can you|"
    "could you|do you|tell me|show me|let me know|for me|give me|there are|are there|is there|there is|do we have|"
    "we have|do i have|look like|what is the value of|in our data|that i have|it look like|in the sample|"
    "in this table|in this frame|in this data set|in our dataset|in my dataset|at hand|and then|as a table|"
    "as table|work out|figure out|as a csv|as csv|as a csv file|to a csv|to csv|as a file|to a file|csv file|"
    "to a csv file|to disk|in a file|in a csv file|into a csv file|a file called|file called|named|called|"
    "under the name|file|as a csv file named|to a csv file called|in percentage term|on display|i need|i wonder|"
    "please compute|side by side|for the whole data|for the whole dataset|in the entire dataset|"
    "in the whole dataset|per row|"
    "will you|would you|statistically speaking|strictly speaking|roughly speaking|generally speaking|"
    "broadly speaking|or similar|"
    "or something similar|or the like|or so|or something like that|kind of|sort of|or not|i mean|if possible|"
    "by the way|"
    "if you can|at a glance|in one go|as a number"
)
