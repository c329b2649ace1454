namespace ControlNetSharp.Training.Datasets;

/// <summary>How the files of a dataset are arranged.</summary>
public enum DatasetLayout
{
    /// <summary>
    /// <c>prompt.json</c> with a JSON object {source, target, prompt} a line: the original's tutorial (docs/train.md,
    /// lllyasviel/ControlNet@ed85cd1).
    /// </summary>
    PromptJson,

    /// <summary><c>metadata.jsonl</c>, a JSON object a line: diffusers' image folder.</summary>
    MetadataJsonl,

    /// <summary><c>metadata.csv</c> with a header (RFC 4180): diffusers' image folder.</summary>
    MetadataCsv,

    /// <summary>
    /// Pictures, also in sub-folders, with a caption of the same name ending in <c>.txt</c> beside them; an annotator
    /// makes the hints.
    /// </summary>
    CaptionFiles,
}
