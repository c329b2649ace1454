using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Hints made with the token of the test, which ends when the test run does.</summary>
internal static class TestAnnotations
{
    public static Picture Hint(this IAnnotator annotator, Picture picture, AnnotatorOptions? options = null) =>
        annotator.Annotate(picture, options, TestContext.Current.CancellationToken);
}
