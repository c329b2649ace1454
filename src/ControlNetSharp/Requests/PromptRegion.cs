using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>
/// A part of the picture with a prompt of its own. At each step what is predicted with the prompts is joined by their
/// shares of each place; what regions leave of it is the request's own prompt's. Source: Bar-Tal et al. 2023,
/// arXiv:2302.08113, section 4.2 (region-based text-to-image).
/// </summary>
public sealed record PromptRegion
{
    /// <summary>
    /// What the region shows; written as the request's prompt, but for LoRAs, which act on the whole picture.
    /// </summary>
    public required string Prompt { get; init; }

    /// <summary>What it does not show; null (the default) for the request's negative prompt.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>
    /// Where it is: fully where this is white, not at all where it is black, in part where it is grey; in the shape of
    /// the result. Of a picture with transparency that is the mask.
    /// </summary>
    public required PictureSource Mask { get; init; }

    /// <summary>
    /// Factor on the mask, 0 to 2; default 1. Below 1 the request's own prompt counts as well, and regions that overlap
    /// share a place by their weights.
    /// </summary>
    [Range(0.0, 2.0)]
    public double Weight { get; init; } = 1;
}
